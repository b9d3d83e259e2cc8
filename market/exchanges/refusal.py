"""What an exchange says when it answers an HTTP request, or a handshake, with an error."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from market.exchanges.base import Exchange, Refused

LONGEST_TEXT = 300  # characters that are passed on


def refused(exchange: Exchange, *, status: int, phrase: str, headers: Mapping[str, str], body: bytes) -> Refused:
    """The status with the venue's own word, or else the beginning of the body on one line."""
    word = exchange.refusal(decoded(body)) or " ".join(body.decode(errors="replace").split())
    title = f"HTTP {status} {phrase}".strip()
    return Refused(
        f"{title}: {word[:LONGEST_TEXT]}" if word else title,
        status=status,
        retry_after=retry_after(headers.get("Retry-After"), headers.get("Date")),
    )


def decoded(body: bytes) -> Any:
    """The JSON of an answer; None where it is none (the error page of a firewall, for example)."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def retry_after(value: str | None, date: str | None) -> float | None:
    """Seconds to stay away. `value` holds seconds or a date, which is counted from `date`, the answer's own.

    None when the header is missing or unreadable.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - parsedate_to_datetime(date or "")).total_seconds())
    except (ValueError, TypeError):
        return None
