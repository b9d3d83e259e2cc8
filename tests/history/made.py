"""Candles of our own making, and what a plain reading of them says."""

import random
from collections.abc import Iterable, Sequence
from decimal import Decimal

from market.core.candle import Candle
from market.core.interval import MINUTE_MS, Interval

MIDNIGHT = 1_795_132_800_000  # 2026-11-20 00:00:00 UTC
KEY = ("binance", "BTCUSDT")
SOURCE = "simulator"


def minute(number: int, *, seed: int = 1, start_ms: int = MIDNIGHT) -> Candle:
    """The candle of minute `number` since midnight; always the same one."""
    chance = random.Random(f"{seed}/{number}")
    prices = sorted(Decimal(chance.randrange(1, 10**14)).scaleb(-8) for _ in range(4))
    opened, close = chance.sample(prices[1:3], 2)
    volume, quote = Decimal(chance.randrange(10**18)).scaleb(-8), Decimal(chance.randrange(10**20)).scaleb(-10)
    return Candle(
        start_ms + number * MINUTE_MS, opened, prices[3], prices[0], close, volume, quote, chance.randrange(1000)
    )


def minutes(numbers: Iterable[int], *, seed: int = 1) -> list[Candle]:
    return [minute(number, seed=seed) for number in numbers]


def plainly(candles: Sequence[Candle], interval: Interval) -> dict[int, tuple[object, ...]]:
    """Opening time to (open, high, low, close, volume, quote volume, trades), the slow and obvious way."""
    made: dict[int, tuple[object, ...]] = {}
    for open_ms in {each.open_ms // interval.ms * interval.ms for each in candles}:
        inside = sorted(
            (each for each in candles if open_ms <= each.open_ms < open_ms + interval.ms), key=lambda each: each.open_ms
        )
        made[open_ms] = (
            inside[0].open,
            max(each.high for each in inside),
            min(each.low for each in inside),
            inside[-1].close,
            Decimal(sum(int(each.volume.scaleb(8)) for each in inside)).scaleb(-8),
            Decimal(sum(int(each.quote_volume.scaleb(10)) for each in inside)).scaleb(-10),
            sum(each.trades for each in inside),
        )
    return made


def told(candles: Iterable[Candle]) -> dict[int, tuple[object, ...]]:
    """The same form, of candles that were read."""
    return {
        each.open_ms: (each.open, each.high, each.low, each.close, each.volume, each.quote_volume, each.trades)
        for each in candles
    }
