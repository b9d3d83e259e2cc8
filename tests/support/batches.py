"""What a feed says, made by hand: batches of quotes and a heartbeat."""

from market.core.messages import LIVE, FeedStatus, PriceBatch
from market.core.wire import WireQuote

EPOCH = "k3f9"
NOON_MS = 1_704_888_000_123  # 2024-01-10T12:00:00.123Z


def wire_quote(
    symbol: str = "BTCUSDT", price: str = "61828.02", *, source: str = "simulator", **numbers: str
) -> WireQuote:
    """A quote with its numbers in the exact text that clients shall see."""
    return WireQuote("binance", symbol, source, NOON_MS, {"price": price, "change_24h": "-0.016", **numbers})


def price_batch(*quotes: WireQuote, seq: int = 1, full: bool = False, epoch: str = EPOCH) -> PriceBatch:
    return PriceBatch(epoch, seq, full, NOON_MS, quotes)


def feed_status(feed: str = LIVE, *, seq: int = 0, source: str = "simulator", epoch: str = EPOCH) -> FeedStatus:
    return FeedStatus(epoch, seq, feed, source, counters={"received": 7})
