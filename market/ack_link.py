"""The signed link of a mail that acknowledges an alert: whoever has the mail needs no login."""

from dataclasses import dataclass

from django.core import signing
from django.urls import reverse

SALT = "market.ack_link"
VALID_FOR = 7 * 24 * 3600  # seconds


class BadLink(Exception):
    """The link is too old, cut off or not ours; the text is for whoever opened it."""


@dataclass(frozen=True, slots=True)
class AckLink:
    """`by` is what clients are told of who acknowledged it."""

    alert: int
    by: str = "a link that was sent"

    @property
    def path(self) -> str:
        """`/alerts/ack/<token>/`, to be put behind the site's origin."""
        return reverse("alert-ack-link", args=[signing.dumps([self.alert, self.by], salt=SALT)])


def read_link(token: str) -> AckLink:
    """Raises BadLink."""
    try:
        alert, by = signing.loads(token, salt=SALT, max_age=VALID_FOR)
    except signing.SignatureExpired as exc:
        raise BadLink("This link is too old.") from exc
    except (signing.BadSignature, ValueError, TypeError) as exc:
        raise BadLink("This link is not complete.") from exc
    return AckLink(alert, by)
