"""What a feed says, in short words, and a clock that stands still."""

import asyncio

from market.core.messages import PriceBatch
from market.core.wire import WireQuote

BTC, ETH = ("binance", "BTCUSDT"), ("binance", "ETHUSDT")
NOON = 1_768_046_400_000


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def quote(price: str, key: tuple[str, str] = BTC, *, at: int = 0, source: str = "simulator", **more: str) -> WireQuote:
    return WireQuote(key[0], key[1], source, NOON + at, {"price": price, "change_24h": "1.5", **more})


def batch(seq: int, *quotes: WireQuote, epoch: str = "k1", full: bool = False) -> PriceBatch:
    return PriceBatch(epoch, seq, full, NOON, quotes)


async def settle() -> None:
    await asyncio.sleep(0)
    await asyncio.sleep(0)
