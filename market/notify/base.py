"""What every way of telling a recipient has in common."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from market.models import Alert, Recipient

EXCERPT = 1000  # characters of an answer that are kept
TIMEOUT = 15.0  # seconds


@dataclass(frozen=True, slots=True)
class Receipt:
    """The other side took it. `status` is the HTTP or SMTP status where there is one, `excerpt` what it said."""

    status: int | None = None
    excerpt: str = ""


class NotDelivered(Exception):
    """The other side did not take it, or could not be asked. The message has no address and no secret in it.

    `permanent`: it never will. `few`: it says the message is wrong, so a few more attempts will do. `gone`: nobody
    there wants any more messages. `retry_after`: seconds it asks us to wait. `status` and `excerpt`: see Receipt.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        few: bool = False,
        gone: bool = False,
        retry_after: float | None = None,
        status: int | None = None,
        excerpt: str = "",
    ) -> None:
        super().__init__(message)
        self.permanent = permanent or gone
        self.few = few
        self.gone = gone
        self.retry_after = retry_after
        self.status = status
        self.excerpt = excerpt


class Transport(ABC):
    """A way to tell. Used by several threads at once."""

    @abstractmethod
    def send(self, alert: Alert, recipient: Recipient, *, key: str) -> Receipt:
        """Tell the recipient, within about `TIMEOUT`. Raises NotDelivered.

        `key` is the same in each attempt, so that the other side can recognise what it has already.
        """


def readable(text: str | bytes) -> str:
    """The start of what the other side said, as it can be stored: PostgreSQL refuses NUL."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    return text[:EXCERPT].replace("\x00", "\ufffd")


def without(text: str, *secrets: str) -> str:
    """`text` without these words in it: messages of libraries may repeat an address."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "…")
    return text
