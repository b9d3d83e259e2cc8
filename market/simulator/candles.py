"""Candles of one symbol: the past as it is meant to be, then what really traded since the start."""

from bisect import bisect_left
from dataclasses import replace

from market.simulator.candle import UNITS, Candle
from market.simulator.interval import DAY_MS, MINUTE_MS
from market.simulator.past import Past

KEPT_MINUTES = 7 * 1440  # what traded before that is told as the past is


class Candles:
    """The candles of one symbol; `record` after each trade, `between` for any stretch of time.

    Since `stopped_ms`, if given, nothing was traded: there are no candles, nor are there of minutes that `halt` names.
    """

    def __init__(self, past: Past, *, start_ms: int, stopped_ms: int | None = None) -> None:
        self._past = past
        self._start_ms = start_ms
        self._stopped_ms = stopped_ms
        self._halted: set[int] = set()
        self._minutes: list[Candle] = []
        self._oldest = self._closed = self.between(start_ms - start_ms % MINUTE_MS, start_ms + 1)
        self._closed_at = -1

    def record(self, at_ms: int, price: int, quantity: int, *, taken: bool) -> None:
        """One trade, added to its minute; `taken`: by a taker who bought."""
        open_ms = at_ms - at_ms % MINUTE_MS
        if not self._minutes or self._minutes[-1].open_ms < open_ms:
            self._minutes.append(Candle(open_ms, price, price, price, price))
            self._forget()
        minute, quote = self._minutes[-1], quantity * price // UNITS
        minute.high = max(minute.high, price)
        minute.low = min(minute.low, price)
        minute.close = price
        minute.volume += quantity
        minute.quote_volume += quote
        minute.trades += 1
        if taken:
            minute.taken += quantity
            minute.taken_quote += quote

    def halt(self, now_ms: int) -> None:
        """The symbol does not trade in this minute."""
        self._halted.add(now_ms - now_ms % MINUTE_MS)

    def exist(self, open_ms: int, end_ms: int) -> bool:
        """Whether there is a candle of `[open_ms, end_ms)`: an exchange has none of a time without trading."""
        if self._stopped_ms is not None and open_ms >= self._stopped_ms:
            return False
        if end_ms - open_ms > MINUTE_MS or open_ms not in self._halted:
            return True
        place = bisect_left(self._minutes, open_ms, key=_opened)
        return place < len(self._minutes) and self._minutes[place].open_ms == open_ms

    def between(self, open_ms: int, end_ms: int) -> Candle:
        """One candle over `[open_ms, end_ms)`, which begins with a minute; flat where nothing traded."""
        past_ms = min(end_ms, self._start_ms)
        parts = [self._past.between(open_ms, past_ms)] if open_ms < past_ms else []
        first = bisect_left(self._minutes, open_ms, key=_opened)
        last = bisect_left(self._minutes, end_ms, key=_opened)
        parts += self._minutes[first:last]
        if not parts:
            close = self._minutes[first - 1].close if first else self._past.price_at(self._start_ms)
            return Candle(open_ms, close, close, close, close)
        whole = replace(parts[0], open_ms=open_ms)
        for part in parts[1:]:
            whole.add(part)
        return whole

    def day(self, now_ms: int, *, lot: int, tick: int) -> Candle:
        """The 24 hours up to `now_ms`; of their oldest minute only what has not left them yet."""
        open_ms = now_ms - now_ms % MINUTE_MS
        if self._closed_at != open_ms:
            self._closed_at, begin_ms = open_ms, open_ms - DAY_MS
            self._oldest = self.between(begin_ms, begin_ms + MINUTE_MS)
            self._closed = self.between(begin_ms + MINUTE_MS, open_ms)
        whole = _rest(self._oldest, now_ms % MINUTE_MS / MINUTE_MS, lot=lot, tick=tick)
        whole.add(self._closed)
        whole.add(self.between(open_ms, open_ms + MINUTE_MS))
        return whole

    def _forget(self) -> None:
        if len(self._minutes) > KEPT_MINUTES:
            del self._minutes[0]
            self._start_ms = self._minutes[0].open_ms


def _rest(minute: Candle, gone: float, *, lot: int, tick: int) -> Candle:
    """What is left of `minute` when the share `gone` of it has left the window."""
    volume = int(minute.volume * (1 - gone)) // lot * lot
    opened = minute.open + int((minute.close - minute.open) * gone / tick) * tick
    quote_volume = minute.quote_volume * volume // minute.volume if volume else 0
    trades = int(minute.trades * (1 - gone))
    return replace(minute, open=opened, volume=volume, quote_volume=quote_volume, trades=trades)


def _opened(candle: Candle) -> int:
    return candle.open_ms
