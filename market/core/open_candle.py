"""The open candle of a longer interval, followed live: the minutes of its time that are over, and the open one."""

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from market.core.candle import Candle, aggregate, joined
from market.core.interval import MINUTE_MS, Interval

BEFORE = -1  # no time: older than all
HEAD, TAIL = re.compile(r'\{"time":([0-9]+),'), ('"closed":true}', '"closed":false}')  # as Candle.json writes them


def glance(text: str) -> tuple[int, bool]:
    """When a candle opened and whether it is closed, of its JSON: a tenth of the time of reading all of it.

    Raises ValueError and KeyError for what is none.
    """
    head = HEAD.match(text)
    if head is None or not text.endswith(TAIL):
        candle = read_candle(text)
        return candle.open_ms, candle.closed
    return int(head[1]), text.endswith(TAIL[0])


def read_candle(text: str | bytes) -> Candle:
    """A candle from its JSON, with exact numbers. Raises ValueError and KeyError for what is none."""
    words = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    names = ("open", "high", "low", "close", "volume", "quote_volume")
    numbers = {name: words[name] for name in names}
    return Candle(open_ms=int(words["time"]), trades=int(words["trades"]), closed=words["closed"], **numbers)


class OpenCandle:
    """One symbol's candle of `interval` as it grows. Minutes come in the order of time, the open one many times.

    `candle` is None while earlier minutes of its time are not known here: `take` says so, `fill` is the answer.
    """

    __slots__ = ("_closed", "_interval", "_open_ms", "_reach", "candle", "is_partial")

    def __init__(self, interval: Interval) -> None:
        self.candle: Candle | None = None
        self.is_partial = False  # a minute was not to be had
        self._interval = interval
        self._open_ms = BEFORE
        self._closed: Candle | None = None  # of the minutes that are over
        self._reach = BEFORE  # up to here every minute is in `_closed`

    def take(self, minute: Candle) -> bool:
        """The minute as it is now; False when minutes before it are missing."""
        open_ms = self._interval.floor(minute.open_ms)
        if open_ms > self._open_ms:
            self._begin(open_ms)
        if minute.open_ms > self._reach:
            self.candle = None
            return False
        if minute.open_ms == self._reach:
            self.candle = self._joined(minute)
            if minute.closed:
                self._closed, self._reach = self.candle, minute.open_ms + MINUTE_MS
        return True

    def fill(self, stored: Iterable[Candle], minute: Candle) -> None:
        """Everything that is known of the minutes before `minute`, oldest first; what is not among them is missing."""
        self._begin(self._interval.floor(minute.open_ms))
        minutes = [each for each in stored if self._open_ms <= each.open_ms < minute.open_ms]
        self.is_partial = len(minutes) < (minute.open_ms - self._open_ms) // MINUTE_MS
        self._closed = next(iter(aggregate(minutes, self._interval)), None)
        self._reach = minute.open_ms
        self.take(minute)

    def _begin(self, open_ms: int) -> None:
        self._open_ms = self._reach = open_ms
        self._closed = self.candle = None
        self.is_partial = False

    def _joined(self, minute: Candle) -> Candle:
        last = minute.open_ms + MINUTE_MS == self._open_ms + self._interval.ms
        whole = minute if self._closed is None else joined(self._closed, minute, open_ms=self._open_ms)
        return replace(whole, open_ms=self._open_ms, closed=minute.closed and last)
