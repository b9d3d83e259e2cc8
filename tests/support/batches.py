"""What a feed says, in short words, and a clock that stands still."""

import asyncio

from market.core.messages import LIVE, FeedStatus, PriceBatch, Stamp
from market.core.wire import WireQuote

BTC, ETH = ("binance", "BTCUSDT"), ("binance", "ETHUSDT")
NOON = 1_768_046_400_000
EPOCH = "k3f9"
NOON_MS = 1_704_888_000_123  # 2024-01-10T12:00:00.123Z


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def quote(price: str, key: tuple[str, str] = BTC, *, at: int = 0, source: str = "simulator", **more: str) -> WireQuote:
    return WireQuote(key[0], key[1], source, NOON + at, {"price": price, "change_24h": "1.5", **more})


def batch(
    seq: int, *quotes: WireQuote, epoch: str = "k1", full: bool = False, stamp: Stamp | None = None
) -> PriceBatch:
    return PriceBatch(epoch, seq, full, NOON, quotes, stamp)


async def settle() -> None:
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def wire_quote(
    symbol: str = "BTCUSDT", price: str = "61828.02", *, source: str = "simulator", **numbers: str
) -> WireQuote:
    """A quote with its numbers in the exact text that clients shall see."""
    return WireQuote("binance", symbol, source, NOON_MS, {"price": price, "change_24h": "-0.016", **numbers})


def price_batch(*quotes: WireQuote, seq: int = 1, full: bool = False, epoch: str = EPOCH) -> PriceBatch:
    return PriceBatch(epoch, seq, full, NOON_MS, quotes)


def feed_status(feed: str = LIVE, *, seq: int = 0, source: str = "simulator", epoch: str = EPOCH) -> FeedStatus:
    return FeedStatus(epoch, seq, feed, source, counters={"received": 7})
