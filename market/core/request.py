"""What a client asks for, read from a query string or a message; bad input gets a code and a sentence."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from market.core.cursor import Cursor, parse_cursor

SLOWEST_RATE = 0.01  # updates per second
LONGEST_NAME = 64


class BadField(ValueError):
    """`code` is the protocol's word for it, the text says which field and why."""

    def __init__(self, message: str, code: str = "bad_field") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Request:
    """`names` None: all watched. `interval`: seconds between two updates of a symbol, 0 for every one."""

    names: tuple[str, ...] | None
    since: Cursor | None
    interval: float


def read_query(query: Mapping[str, str], *, most: int) -> Request:
    """The query of every price endpoint: `symbols`, `since`, `max_rate`. Raises BadField."""
    text = query.get("symbols", "").strip()
    names = None if text in ("", "*") else read_names(text.split(","), most=most)
    rate = query.get("max_rate", "")
    return Request(names, parse_cursor(query.get("since")), read_interval(rate) if rate else 0.0)


def read_names(value: object, *, most: int) -> tuple[str, ...]:
    """A list of symbol names, without repeats and blanks. Raises BadField."""
    if not isinstance(value, Iterable) or isinstance(value, str | bytes | Mapping):
        raise BadField("symbols must be a list of names")
    names: dict[str, None] = {}
    for name in value:
        if not isinstance(name, str) or len(name) > LONGEST_NAME:
            raise BadField(f"a symbol is a text of at most {LONGEST_NAME} characters")
        if name.strip():
            names[name.strip()] = None
    if len(names) > most:
        raise BadField(f"at most {most} symbols in a subscription", "too_many_symbols")
    return tuple(names)


def read_interval(value: object) -> float:
    """Seconds between updates from `max_rate`, updates per second. Raises BadField."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadField("max_rate must be a number")
    try:
        rate = float(value)
    except (ValueError, OverflowError):
        raise BadField("max_rate must be a number") from None
    if not SLOWEST_RATE <= rate < float("inf"):
        raise BadField(f"max_rate must be at least {SLOWEST_RATE} updates per second")
    return round(1 / rate, 3)
