"""Candles of one symbol: a past made up from the seed, then what really traded since the start.

The past is a sum of smooth noises, so that any candle can be computed from its time alone; each of them
fades, in its last period before the start, into the price at which trading began. Prices are integers in units of 1e-8.
"""

from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from market.simulator.instrument import Instrument
from market.simulator.interval import DAY_MS, HOUR_MS, MINUTE_MS
from market.simulator.walk import UNITS, Walk, units

KEPT_MINUTES = 1500
SAMPLES = 4  # prices looked at inside one candle of the past
WAVES = (
    (30 * DAY_MS, 0.15),
    (3 * DAY_MS, 0.06),
    (8 * HOUR_MS, 0.02),
    (HOUR_MS, 0.006),
    (10 * MINUTE_MS, 0.002),
    (MINUTE_MS, 0.0008),
)
MASK = 2**64 - 1


@dataclass(slots=True)
class Candle:
    """Open, high, low, close, volumes (`taken`: by takers who bought) and trades from `open_ms` on."""

    open_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: int = 0
    quote_volume: int = 0
    trades: int = 0
    taken: int = 0
    taken_quote: int = 0

    def add(self, other: "Candle") -> None:
        """Grow by a later candle."""
        self.high = max(self.high, other.high)
        self.low = min(self.low, other.low)
        self.close = other.close
        self.volume += other.volume
        self.quote_volume += other.quote_volume
        self.trades += other.trades
        self.taken += other.taken
        self.taken_quote += other.taken_quote


class Candles:
    """The candles of one symbol; `record` after each trade, `between` for any stretch of time.

    Since `stopped_ms`, if given, nothing was traded: there are no candles, nor are there of minutes that `halt` names.
    """

    def __init__(self, instrument: Instrument, *, seed: int, start_ms: int, stopped_ms: int | None = None) -> None:
        self._instrument = instrument
        self._tick = units(instrument.tick)
        self._anchor = units(instrument.price)
        self._start_ms = start_ms
        self._salt = Random(f"{seed}/{instrument.symbol}/candles").getrandbits(64)
        self._stopped_ms = stopped_ms
        self._halted: set[int] = set()
        self._minutes: list[Candle] = []
        # Neighbouring candles share most of their chances.
        self._chance = lru_cache(maxsize=4096)(self._mixed)

    def record(self, walk: Walk) -> None:
        """The newest trade of `walk`, added to its minute."""
        open_ms = walk.close_ms - walk.close_ms % MINUTE_MS
        if not self._minutes or self._minutes[-1].open_ms < open_ms:
            self._minutes.append(Candle(open_ms, walk.price, walk.price, walk.price, walk.price))
            del self._minutes[:-KEPT_MINUTES]
        minute, quote = self._minutes[-1], walk.quantity * walk.price // UNITS
        minute.high = max(minute.high, walk.price)
        minute.low = min(minute.low, walk.price)
        minute.close = walk.price
        minute.volume += walk.quantity
        minute.quote_volume += quote
        minute.trades += 1
        if not walk.buyer_is_maker:
            minute.taken += walk.quantity
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
        """One candle over `[open_ms, end_ms)`; flat where nothing traded."""
        parts = [self._past(open_ms, min(end_ms, self._start_ms))] if open_ms < self._start_ms else []
        first = bisect_left(self._minutes, open_ms, key=_opened)
        last = bisect_left(self._minutes, end_ms, key=_opened)
        parts += self._minutes[first:last]
        if not parts:
            close = self._minutes[first - 1].close if first else self._anchor
            return Candle(open_ms, close, close, close, close)
        whole = Candle(open_ms, parts[0].open, parts[0].open, parts[0].open, parts[0].open)
        for part in parts:
            whole.add(part)
        return whole

    def _past(self, open_ms: int, end_ms: int) -> Candle:
        prices = [self._price_at(open_ms + (end_ms - open_ms) * part // (SAMPLES + 1)) for part in range(SAMPLES + 2)]
        share = (0.6 + 0.8 * self._chance(open_ms // MINUTE_MS)) * (end_ms - open_ms) / DAY_MS
        quote_volume = int(self._instrument.turnover * share) * UNITS
        volume = quote_volume * UNITS // (sum(prices) // len(prices))
        return Candle(
            open_ms=open_ms,
            open=prices[0],
            high=max(prices),
            low=min(prices),
            close=prices[-1],
            volume=volume,
            quote_volume=quote_volume,
            trades=max(1, int(self._instrument.trades * share)),
            taken=volume // 2,
            taken_quote=quote_volume // 2,
        )

    def _price_at(self, at_ms: int) -> int:
        age = self._start_ms - at_ms
        change = sum(height * min(1.0, age / period) * self._wave(at_ms, period) for period, height in WAVES)
        return max(self._tick, int(self._anchor * (1 + change) / self._tick) * self._tick)

    def _wave(self, at_ms: int, period: int) -> float:
        """Smooth noise in -1..1: a chance value at each multiple of `period`, a soft line between them."""
        step, rest = divmod(at_ms, period)
        soft = rest / period
        soft = soft * soft * (3 - 2 * soft)
        before, after = self._chance(step + period), self._chance(step + 1 + period)
        return 2 * (before + (after - before) * soft) - 1

    def _mixed(self, number: int) -> float:
        """A fixed value in 0..1 for `number` (the mixing step of splitmix64)."""
        mixed = (self._salt + number * 0x9E3779B97F4A7C15) & MASK
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
        return (mixed ^ (mixed >> 31)) / 2**64


def _opened(candle: Candle) -> int:
    return candle.open_ms
