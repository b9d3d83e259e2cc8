"""The one cursor of all transports: how far a client has read."""

import re
from dataclasses import dataclass

# Opaque to clients, yet read back from them: anything else is treated as "never read".
_FORM = re.compile(r"([0-9a-z]{1,32}):([0-9]{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """`epoch` names one start of a feed, `seq` counts its batches up from 1."""

    epoch: str
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.seq}"


def parse_cursor(text: str | None) -> Cursor | None:
    """The cursor a client sent back; None when absent or unreadable: that means a full snapshot, no error."""
    match = _FORM.fullmatch(text.strip().strip('"')) if text else None
    return Cursor(match[1], int(match[2])) if match else None


def new_epoch(now_ms: int, salt: int) -> str:
    """A name for a feed's start; later starts sort later, `salt` (0..1295) tells two of one millisecond apart."""
    return _base36(now_ms) + _base36(salt).rjust(2, "0")


def _base36(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = digits[digit] + text
    return text or "0"
