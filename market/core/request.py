"""What a client asks for, read from a query string or a message; bad input gets a code and a sentence."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from market.core.cursor import Cursor, parse_cursor
from market.core.interval import Interval

_ALERT = re.compile(r"[0-9]{1,18}", re.ASCII)

SLOWEST_RATE = 0.01  # updates per second
LONGEST_NAME = 64
MOST_INTERVALS = 32  # words in a list of intervals
MOST_CANDLES = 100  # words in a query, where each may be of another symbol


class BadField(ValueError):
    """`code` is the protocol's word for it, the text says which field and why."""

    def __init__(self, message: str, code: str = "bad_field") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Request:
    """`names` None: all watched. `interval`: seconds between two updates of a symbol, 0 for every one.

    `since_alert` is the number of the last alert that the client got, 0 for none; None: it wants new ones only.
    `candles` are the intervals of which it wants the open candles of its symbols; `candles_of` has for each interval
    the names of symbols of which it wants them whatever else it wants.
    """

    names: tuple[str, ...] | None
    since: Cursor | None
    interval: float
    since_alert: int | None = None
    candles: tuple[Interval, ...] = ()
    candles_of: Mapping[Interval, tuple[str, ...]] = field(default_factory=dict)


def read_query(query: Mapping[str, str], *, most: int) -> Request:
    """The query of every price endpoint: `symbols`, `since`, `since_alert`, `max_rate`, `candles`.

    Raises BadField.
    """
    text = query.get("symbols", "").strip()
    names = None if text in ("", "*") else read_names(text.split(","), most=most)
    rate = query.get("max_rate", "")
    interval = read_interval(rate) if rate else 0.0
    candles, candles_of = read_candles(query.get("candles", ""))
    return Request(
        names,
        parse_cursor(query.get("since")),
        interval,
        read_since_alert(query.get("since_alert", "")),
        candles,
        candles_of,
    )


def read_candles(text: str) -> tuple[tuple[Interval, ...], dict[Interval, tuple[str, ...]]]:
    """`1m` is of all symbols that are asked for, `BTCUSDT@1m` of that one; `Request` has both. Raises BadField."""
    words = text.split(",") if text else []
    if len(words) > MOST_CANDLES:
        raise BadField(f"candles are at most {MOST_CANDLES}")
    named: dict[Interval, list[str]] = {}
    for name, _, word in (each.rpartition("@") for each in words if "@" in each):
        named.setdefault(read_one_interval(word), []).append(name)
    candles = read_intervals(list(dict.fromkeys(each for each in words if "@" not in each)))
    return candles, {interval: read_names(names, most=MOST_CANDLES) for interval, names in named.items()}


def read_intervals(value: object) -> tuple[Interval, ...]:
    """A list of intervals of candles, without repeats. Raises BadField."""
    if not isinstance(value, list) or len(value) > MOST_INTERVALS:
        raise BadField(f"candles must be a list of intervals: {', '.join(Interval)}")
    return tuple(dict.fromkeys(read_one_interval(word) for word in value))


def read_one_interval(word: object) -> Interval:
    """Raises BadField."""
    if not isinstance(word, str) or word not in frozenset(Interval):
        raise BadField(f"interval is one of {', '.join(Interval)}")
    return Interval(word)


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


def read_since_alert(text: str) -> int | None:
    """Raises BadField."""
    if not text:
        return None
    if not _ALERT.fullmatch(text):
        raise BadField("since_alert is the id of an alert, like 17")
    return int(text)


def read_number(message: Mapping[str, object], name: str) -> int:
    """A whole number above 0 in a message. Raises BadField."""
    value = message.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 10**18:
        raise BadField(f"{name} is a whole number above 0")
    return value


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
