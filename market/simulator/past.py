"""What a symbol's price is meant to be at any time, and what traded then: a function of the seed and the time alone.

A day's shape is made up first, then shared out to its hours and theirs to their minutes, so that any candle costs
little, whatever its length, and longer ones hold exactly the prices, quantities and trades of their minutes.
"""

from collections.abc import Callable
from functools import lru_cache
from itertools import accumulate, pairwise
from random import Random
from typing import NamedTuple

from market.simulator.candle import UNITS, Candle, units
from market.simulator.instrument import Instrument
from market.simulator.interval import DAY_MS, HOUR_MS, MINUTE_MS

WAVES = ((30 * DAY_MS, 0.15), (3 * DAY_MS, 0.06))  # how far the price goes within which time
TURNS = 3.0  # how much a shape may be stretched to reach its high and its low
WICK = 0.5  # how far a part goes beyond its open and close, of what is usual for its length
MINUTES_A_DAY = 1440


class Shape(NamedTuple):
    """Prices relative to the instrument's, lots and trades of a stretch of time."""

    open: float
    high: float
    low: float
    close: float
    lots: int
    trades: int


class Past:
    """`between` for a candle, `price_at` for the price of any time; in units of 1e-8.

    At `anchor_ms` the price is the instrument's.
    """

    def __init__(self, instrument: Instrument, *, seed: int, anchor_ms: int) -> None:
        self._name = f"{seed}/{instrument.symbol}"
        self._tick, self._lot = units(instrument.tick), units(instrument.lot)
        lots = int(instrument.turnover / instrument.price / instrument.lot)
        # Some for each minute, however uneven they are shared out.
        self._lots, self._trades = max(lots, 8 * MINUTES_A_DAY), max(instrument.trades, 8 * MINUTES_A_DAY)
        self._chance = lru_cache(maxsize=64)(self._make_chance)
        self._day = lru_cache(maxsize=64)(self._make_day)
        self._hours: Callable[[int], list[Shape]] = lru_cache(maxsize=64)(self._make_hours)
        self._minutes: Callable[[int], list[Shape]] = lru_cache(maxsize=32)(self._make_minutes)
        self._scale = 1.0
        self._scale = units(instrument.price) / self._level(anchor_ms)

    def price_at(self, at_ms: int) -> int:
        """On a tick; within a minute it goes straight from its open to its close."""
        return self._rounded(self._level(at_ms))

    def between(self, open_ms: int, end_ms: int) -> Candle:
        """The candle of `[open_ms, end_ms)`, which begins with a minute and may end within one. ValueError: empty."""
        whole, at_ms = None, open_ms
        while at_ms < end_ms:
            length, shape = self._longest(at_ms, end_ms)
            part = self._candle(at_ms, shape)
            if whole is None:
                whole = part
            else:
                whole.add(part)
            at_ms += length
        if whole is None:
            raise ValueError("no time between")
        return whole

    def _longest(self, at_ms: int, end_ms: int) -> tuple[int, Shape]:
        """The longest shape from `at_ms` that is over at `end_ms`, and its length in ms; a minute is cut off."""
        if at_ms % DAY_MS == 0 and at_ms + DAY_MS <= end_ms:
            return DAY_MS, self._day(at_ms // DAY_MS)
        if at_ms % HOUR_MS == 0 and at_ms + HOUR_MS <= end_ms:
            return HOUR_MS, self._hours(at_ms // DAY_MS)[at_ms % DAY_MS // HOUR_MS]
        minute = self._minutes(at_ms // HOUR_MS)[at_ms % HOUR_MS // MINUTE_MS]
        kept = min(1.0, (end_ms - at_ms) / MINUTE_MS)
        close = minute.open + (minute.close - minute.open) * kept
        lots, trades = int(minute.lots * kept), int(minute.trades * kept)
        return MINUTE_MS, minute if kept == 1 else minute._replace(close=close, lots=lots, trades=trades)

    def _candle(self, open_ms: int, shape: Shape) -> Candle:
        opened, high, low, close = (self._rounded(price) for price in shape[:4])
        volume = shape.lots * self._lot
        quote_volume = volume * ((opened + high + low + close) // 4) // UNITS
        return Candle(
            open_ms=open_ms,
            open=opened,
            high=high,
            low=low,
            close=close,
            volume=volume,
            quote_volume=quote_volume,
            trades=shape.trades,
            taken=volume // 2,
            taken_quote=quote_volume // 2,
        )

    def _rounded(self, level: float) -> int:
        return max(3, int(level * self._scale / self._tick + 0.5)) * self._tick

    def _level(self, at_ms: int) -> float:
        minute = self._minutes(at_ms // HOUR_MS)[at_ms % HOUR_MS // MINUTE_MS]
        return minute.open + (minute.close - minute.open) * (at_ms % MINUTE_MS / MINUTE_MS)

    def _make_day(self, day: int) -> Shape:
        random = Random(f"{self._name}/day/{day}")
        opened, close = self._dawn(day), self._dawn(day + 1)
        reach = opened * (0.006 + 0.02 * random.random())
        high = max(opened, close) + reach * random.random()
        low = min(opened, close) - reach * random.random()
        share = 0.6 + 0.8 * random.random()
        return Shape(opened, high, low, close, int(self._lots * share), int(self._trades * share))

    def _make_hours(self, day: int) -> list[Shape]:
        return shared_out(self._day(day), 24, Random(f"{self._name}/hours/{day}"))

    def _make_minutes(self, hour: int) -> list[Shape]:
        return shared_out(self._hours(hour // 24)[hour % 24], 60, Random(f"{self._name}/minutes/{hour}"))

    def _dawn(self, day: int) -> float:
        """The price as `day` begins."""
        return 1 + sum(height * self._wave(day * DAY_MS, period) for period, height in WAVES)

    def _wave(self, at_ms: int, period: int) -> float:
        """Smooth noise in -1..1: a chance value at each multiple of `period`, a soft line between them."""
        step, rest = divmod(at_ms, period)
        soft = rest / period
        soft = soft * soft * (3 - 2 * soft)
        before, after = self._chance(period, step), self._chance(period, step + 1)
        return 2 * (before + (after - before) * soft) - 1

    def _make_chance(self, period: int, number: int) -> float:
        return Random(f"{self._name}/{period}/{number}").random()


def shared_out(whole: Shape, parts: int, random: Random) -> list[Shape]:
    """`parts` shapes that join, and that together are `whole`."""
    knots = _knots(whole, parts, random)
    wick = WICK * (whole.high - whole.low) / parts**0.5
    highs = [min(whole.high, max(pair) + wick * random.random()) for pair in pairwise(knots)]
    lows = [max(whole.low, min(pair) - wick * random.random()) for pair in pairwise(knots)]
    highs[highs.index(max(highs))] = whole.high
    lows[lows.index(min(lows))] = whole.low
    weights = list(accumulate((0.4 + random.random() for _ in range(parts)), initial=0.0))
    lots, trades = (_portions(total, weights) for total in (whole.lots, whole.trades))
    return [Shape(*each) for each in zip(knots, highs, lows, knots[1:], lots, trades, strict=False)]


def _knots(whole: Shape, parts: int, random: Random) -> list[float]:
    """Prices from open to close, a random walk tied at both ends and stretched towards the high and the low."""
    walk = list(accumulate((random.random() - 0.5 for _ in range(parts)), initial=0.0))
    straight = [whole.open + (whole.close - whole.open) * number / parts for number in range(parts + 1)]
    strayed = [at - walk[-1] * number / parts for number, at in enumerate(walk)]
    usual = TURNS * (whole.high - whole.low) / parts**0.5
    pairs = list(zip(straight, strayed, strict=True))
    up = min([usual, *((whole.high - line) / away for line, away in pairs if away > 1e-9)])
    down = min([usual, *((whole.low - line) / away for line, away in pairs if away < -1e-9)])
    knots = [line + away * (up if away > 0 else down) for line, away in pairs]
    knots[0], knots[-1] = whole.open, whole.close
    return [min(whole.high, max(whole.low, knot)) for knot in knots]


def _portions(total: int, sums: list[float]) -> list[int]:
    """`total` in whole portions, as the running `sums` grow."""
    marks = [int(total * at / sums[-1]) for at in sums[:-1]] + [total]
    return [after - before for before, after in pairwise(marks)]
