"""A recording played again and again: in each round ids and times go on from where the round before ended.

Feeds never take what is older than what they have, by ids and event times, so the same ids would be refused. Every
id and every time of a message is raised by the same amount a round, which keeps all that is true among them. Prices,
quantities and the text around them stay byte for byte.
"""

import re
from collections.abc import Iterator
from functools import partial

from market.simulator.interval import MINUTE_MS
from market.simulator.recording import Record, Recording

MILLISECOND_NS = 1_000_000
# Of a payload, by the kind of its stream: what counts trades or changes of the book, and ms since 1970.
IDS = {"trade": "t", "aggTrade": "afl", "ticker": "FL", "bookTicker": "u", "kline": "fL"}
TIMES = {"trade": "ET", "aggTrade": "ET", "ticker": "EOC", "miniTicker": "E", "kline": "EtT", "arr": "E"}


def _numbers(names: str) -> re.Pattern[bytes]:
    return re.compile(rb'("[%b]":\s*)([0-9]+)' % names.encode())


ID_NUMBERS = {kind: _numbers(names) for kind, names in IDS.items()}
TIME_NUMBERS = {kind: _numbers(names) for kind, names in TIMES.items()}
# Those that order prices or the book; the first trade of 24 h is far from the last and orders nothing.
ORDERS = {"trade": _numbers("t"), "aggTrade": _numbers("l"), "ticker": _numbers("L"), "bookTicker": _numbers("u")}
EVENT_TIME = _numbers("E")


class Rounds:
    """Looks through the whole recording once. `ids` and `ms` are what a round is later than the one before."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        ids: dict[tuple[str, bool], tuple[int, int]] = {}
        received = events = (0, 0)
        has_candles = False
        for record in recording.records():
            kind = _kind(record)
            has_candles = has_candles or kind == "kline"
            received = _wider(received, record.at_ns)
            if (time := EVENT_TIME.search(record.raw)) is not None:
                events = _wider(events, int(time[2]))
            if kind in ORDERS and (number := ORDERS[kind].search(record.raw)) is not None:
                key = (record.stream.partition("@")[0], kind == "bookTicker")
                ids[key] = _wider(ids.get(key, (0, 0)), int(number[2]))
        self.ids = 1 + max((last - first for first, last in ids.values()), default=0)
        self.ms = 1 + max((received[1] - received[0]) // MILLISECOND_NS, events[1] - events[0])
        if has_candles:  # they begin on the minute: less than one is left out
            self.ms += -self.ms % MINUTE_MS

    def records(self, number: int) -> Iterator[Record]:
        """Those of round `number`, counted from 0: that is the recording as it is, byte for byte."""
        if number == 0:
            return self._recording.records()
        return map(partial(_later, ids=number * self.ids, ms=number * self.ms), self._recording.records())


def _later(record: Record, *, ids: int, ms: int) -> Record:
    raw, kind = record.raw, _kind(record)
    if kind in ID_NUMBERS:
        raw = ID_NUMBERS[kind].sub(partial(_raised, by=ids), raw)
    if kind in TIME_NUMBERS:
        raw = TIME_NUMBERS[kind].sub(partial(_raised, by=ms), raw)
    head = record.combined[: -len(record.raw) - 1]
    return Record(record.at_ns + ms * MILLISECOND_NS, record.stream, head + raw + b"}", raw)


def _raised(match: re.Match[bytes], *, by: int) -> bytes:
    return match[1] + str(int(match[2]) + by).encode()


def _kind(record: Record) -> str:
    return record.stream.partition("@")[2].partition("_")[0].partition("@")[0]


def _wider(span: tuple[int, int], number: int) -> tuple[int, int]:
    first, last = span
    return min(first or number, number), max(last, number)
