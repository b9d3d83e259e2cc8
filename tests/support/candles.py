"""Candles for tests: minutes with everything that a test does not care about filled in."""

from collections.abc import Iterable
from decimal import Decimal

from market.core.candle import Candle
from market.core.interval import MINUTE_MS
from market.core.messages import CandleBatch, CandleText

DAY_MS = 1_768_003_200_000  # 2026-01-10 00:00 UTC


def candle(prices: str = "100 110 90 105", *, at: int = 0, closed: bool = True, volume: str = "2") -> Candle:
    """`"open high low close"`; `at` minutes after midnight."""
    first, high, low, last = map(Decimal, prices.split())
    amount = Decimal(volume)
    return Candle(DAY_MS + at * MINUTE_MS, first, high, low, last, amount, amount * last, 7, closed=closed)


def batch(*news: tuple[tuple[str, str], Candle], source: str = "simulator") -> CandleBatch:
    """What the feed sends: minutes of symbols, named by exchange and symbol."""
    texts = tuple(CandleText(*key, "1m", minute.json()) for key, minute in news)
    return CandleBatch("k1", source, texts)


def walk(prices: Iterable[int], *, start: int = 0) -> list[Candle]:
    """One closed minute for each price, which moves by one around it."""
    return [
        candle(f"{price} {price + 1} {price - 1} {price}", at=start + number) for number, price in enumerate(prices)
    ]
