"""A whole feed on a simulated exchange: minutes are told, stored, loaded and mended."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async
from channels.layers import InMemoryChannelLayer, channel_layers

from market import history
from market.backfill import BackfillPace
from market.candle_pace import CandlePace
from market.candle_writer import WritePace
from market.core.interval import MINUTE_MS, Interval
from market.core.messages import PRICES, CandleBatch
from market.feed import Feed, FeedOptions
from market.history import History
from market.models import BackfillState, Candle, CandleSeries, WatchedSymbol
from market.simulator import Simulator
from tests.feed.conftest import QUICK
from tests.support.exchange import until

DAY_MS = Interval.D1.ms
CANDLES = CandlePace(
    open=0.1,
    closed=0.01,
    write=WritePace(gather=0.05, retry=0.05, longest=0.2),
    backfill=BackfillPace(days=1, every=60.0, settle=0.05, retry=0.1, longest=0.3, between=0.0, say=0.0),
)


class Clock:
    """The exchange's time in ms, which a test moves."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture(autouse=True)
def layer() -> Iterator[InMemoryChannelLayer]:
    layer = InMemoryChannelLayer()
    before = channel_layers.set("default", layer)
    yield layer
    if before is not None:
        channel_layers.set("default", before)


@pytest.fixture
def watched(transactional_db: None) -> None:
    WatchedSymbol.objects.all().delete()
    WatchedSymbol.objects.create(symbol="BTCUSDT")


@asynccontextmanager
async def feeding(exchange: Simulator, *, candles: CandlePace = CANDLES) -> AsyncIterator[Feed]:
    pace = replace(QUICK, candles=candles)
    feed = Feed(FeedOptions(exchange.stream_url, exchange.rest_url, "simulator", pace=pace))
    task = asyncio.create_task(feed.run())
    try:
        yield feed
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.wait([task])


@sync_to_async(thread_sensitive=False)
def stored(interval: Interval = Interval.M1) -> History:
    return history.read("binance", "BTCUSDT", "simulator", interval, limit=10_000)


async def seen(condition: Callable[[History], object], *, interval: Interval = Interval.M1) -> History:
    """Stored candles, once `condition` holds of them."""
    async with asyncio.timeout(20):
        while not condition(found := await stored(interval)):
            await asyncio.sleep(0.05)
    return found


async def test_a_new_symbol_gets_its_history_and_then_its_minutes(watched: None) -> None:
    async with Simulator(symbols=("BTCUSDT",), rate=20) as exchange, feeding(exchange):
        found = await seen(lambda found: len(found.candles) > 1440)
        days = await seen(lambda found: len(found.candles) > 900, interval=Interval.D1)
        hours = await seen(lambda found: len(found.candles) > 900, interval=Interval.H1)
        async with asyncio.timeout(10):
            while (series := await CandleSeries.objects.aget()).backfill_state != BackfillState.DONE:
                await asyncio.sleep(0.05)

    assert found.complete
    assert days.complete
    assert hours.complete
    assert series.backfill_done == series.backfill_wanted >= 1440
    assert series.backfilled_at is not None
