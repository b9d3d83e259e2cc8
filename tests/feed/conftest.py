"""The feed's surroundings: a layer of the test's own, watched symbols, a simulated exchange."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from channels.layers import InMemoryChannelLayer, channel_layers

from market.exchanges.recorder import RecordTo
from market.exchanges.stream import Pace
from market.feed import Feed
from market.feed_options import FeedOptions, FeedPace
from market.journal import JournalPace
from market.listings import ListingsPace
from market.models import WatchedSymbol
from market.simulator import Simulator

RunFeed = Callable[..., AbstractAsyncContextManager[Feed]]

QUICK = FeedPace(
    watchlist=0.05,
    heartbeat=0.1,
    stream=Pace(min_session=0.2, backoff_base=0.05, backoff_cap=0.2, settle=0.05, first_message=0.5),
    journal=JournalPace(events=0.1, latest=0.1, seen=0.2, alive=0.1, unsent=0.1),
    listings=ListingsPace(every=1.0, retry=0.2, least=0.05),
)


@pytest.fixture(autouse=True)
def layer() -> Iterator[InMemoryChannelLayer]:
    """A channel layer that nothing of another test is left in."""
    layer = InMemoryChannelLayer()
    before = channel_layers.set("default", layer)
    yield layer
    if before is not None:
        channel_layers.set("default", before)


@pytest.fixture
def watched(transactional_db: None) -> list[str]:
    """Two watched symbols."""
    symbols = ["BTCUSDT", "ETHUSDT"]
    WatchedSymbol.objects.all().delete()
    for position, symbol in enumerate(symbols):
        WatchedSymbol.objects.create(symbol=symbol, position=position)
    return symbols


@pytest.fixture
async def exchange() -> AsyncIterator[Simulator]:
    async with Simulator(seed=7, symbols=["BTCUSDT", "ETHUSDT", "SOLUSDT"], rate=20, trades=2) as simulator:
        yield simulator


@pytest.fixture
def run_feed(watched: list[str]) -> RunFeed:
    """`async with run_feed(exchange) as feed:` a whole feed in this loop, quicker than in life."""
    return running


@asynccontextmanager
async def running(
    exchange: Simulator,
    *,
    pace: FeedPace = QUICK,
    source: str = "simulator",
    mode: str = "tickers",
    record: RecordTo | None = None,
) -> AsyncIterator[Feed]:
    feed = Feed(FeedOptions(exchange.stream_url, exchange.rest_url, source, mode=mode, pace=pace, record=record))
    task = asyncio.create_task(feed.run())
    try:
        yield feed
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()
