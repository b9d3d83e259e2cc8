"""A simulated exchange whose clock a test moves, and what loads candles from it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from market.backfill import Backfill, BackfillPace
from market.core.interval import MINUTE_MS
from market.exchanges.pace import Pace
from market.exchanges.rest import Rest
from market.loader import Loader
from market.simulator import Simulator

SYMBOL = "BTCUSDT"
PACE = BackfillPace(days=1, every=60.0, settle=0.01, retry=0.05, longest=0.2, say=0.0)
STEP_MS = 20_000  # the feed takes a leap of a minute for a wrong time


class Clock:
    """Ms since 1970: the real time, and what a test adds to it."""

    def __init__(self) -> None:
        # In the middle of a minute: a test that does not move it does not pass its end.
        self.ahead_ms = 20_000 - time.time_ns() // 1_000_000 % MINUTE_MS

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms

    async def advance(self, minutes: float) -> None:
        """While the exchange trades."""
        for _ in range(int(minutes * MINUTE_MS / STEP_MS)):
            self.ahead_ms += STEP_MS
            await asyncio.sleep(0.15)


def rest_of(exchange: Simulator) -> Rest:
    """With the shortest bans there can be."""
    return Rest("binance", exchange.rest_url, pace=Pace(open_timeout=2.0, banned=0.2, blocked=0.2))


def loader_of(exchange: Simulator) -> Loader:
    return Loader(rest_of(exchange), "binance", "simulator")


@asynccontextmanager
async def loading(
    exchange: Simulator, *, pace: BackfillPace = PACE, is_halted: Callable[[str], bool] = lambda symbol: False
) -> AsyncIterator[Backfill]:
    """Loads what is missing of SYMBOL while the block runs."""
    backfill = Backfill(loader_of(exchange), is_halted=is_halted, pace=pace)
    backfill.want([SYMBOL])
    task = asyncio.create_task(backfill.run())
    try:
        yield backfill
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.wait([task])
