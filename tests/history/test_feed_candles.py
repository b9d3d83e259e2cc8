"""A whole feed on a simulated exchange: minutes are told, stored and mended, and prices do not wait for them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async
from channels.layers import InMemoryChannelLayer, channel_layers

from market import history
from market.candle_pace import CandlePace
from market.candle_writer import CandleWriter, WritePace
from market.candles import Candles
from market.core.candle import VenueCandle
from market.core.interval import MINUTE_MS, Interval
from market.core.messages import PRICES, CandleBatch
from market.core.tick import Kind, Tick
from market.exchanges.rest import Rest
from market.feed import Feed
from market.feed_options import FeedOptions, FeedPace
from market.history import History
from market.models import Candle, WatchedSymbol
from market.publish import Publisher
from market.simulator import Simulator
from tests.feed.conftest import QUICK
from tests.history.exchange import PACE, SYMBOL, Clock
from tests.history.made import MIDNIGHT, minute

CANDLES = CandlePace(
    open=0.1, closed=0.01, write=WritePace(gather=0.05, retry=0.05, longest=0.2), backfill=replace(PACE, days=1)
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
def watched(transactional_db: None) -> None:
    WatchedSymbol.objects.all().delete()
    WatchedSymbol.objects.create(symbol=SYMBOL)


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


@asynccontextmanager
async def heard() -> AsyncIterator[list[CandleBatch]]:
    """Every batch of candles while the block runs."""
    layer = channel_layers["default"]
    channel = await layer.new_channel()
    await layer.group_add(PRICES, channel)
    batches: list[CandleBatch] = []

    async def listen() -> None:
        while True:
            message = await layer.receive(channel)
            if message["type"] == CandleBatch.TYPE:
                batches.append(CandleBatch.of(message))

    task = asyncio.create_task(listen())
    try:
        yield batches
    finally:
        task.cancel()
        await asyncio.wait([task])


@sync_to_async(thread_sensitive=False)
def stored(source: str = "simulator") -> History:
    return history.read("binance", SYMBOL, source, Interval.M1, limit=20_000)


async def seen(condition: Callable[[History], object], *, source: str = "simulator") -> History:
    """Stored candles, once `condition` holds of them."""
    async with asyncio.timeout(20):
        while not condition(found := await stored(source)):
            await asyncio.sleep(0.05)
    return found


async def test_minutes_are_told_while_open_and_stored_when_they_close(watched: None) -> None:
    clock = Clock()
    async with (
        heard() as batches,
        Simulator(symbols=(SYMBOL,), rate=50, clock=clock) as exchange,
        feeding(exchange) as feed,
    ):
        before = await seen(lambda found: len(found.candles) > 1440)
        newest = before.candles[-1].open_ms
        await clock.advance(3)
        found = await seen(lambda found: found.candles[-1].open_ms >= newest + 2 * MINUTE_MS)
        candles = exchange.market.listings[SYMBOL].candles
        whole = {each.open_ms: candles.between(each.open_ms, each.open_ms + MINUTE_MS) for each in found.candles[-2:]}

    assert found.complete
    for each in found.candles[-2:]:
        assert int(each.close.scaleb(8)) == whole[each.open_ms].close
        assert (each.trades, int(each.volume.scaleb(8))) == (whole[each.open_ms].trades, whole[each.open_ms].volume)
    texts = [text.text for batch in batches for text in batch.candles]
    assert {batch.epoch for batch in batches} == {feed.flusher.epoch}
    assert any('"closed":false' in text for text in texts)
    assert sum(f'"time":{found.candles[-1].open_ms}' in text and '"closed":true' in text for text in texts) == 1


async def test_minutes_of_an_outage_are_loaded_when_it_is_over(watched: None) -> None:
    clock = Clock()
    async with Simulator(symbols=(SYMBOL,), rate=50, clock=clock) as exchange, feeding(exchange):
        before = await seen(lambda found: len(found.candles) > 1440)
        exchange.faults.http_status = 503
        exchange.close_all()
        await clock.advance(4)
        exchange.faults.http_status = None
        found = await seen(lambda found: found.candles[-1].open_ms >= before.candles[-1].open_ms + 3 * MINUTE_MS)

    assert found.complete


async def test_what_the_database_does_not_take_waits_and_what_has_no_room_is_asked_for_again(
    transactional_db: None,
) -> None:
    lost: list[str] = []
    writer = CandleWriter("binance", "simulator", on_lost=lost.append, pace=replace(CANDLES.write, limit=5))
    for number in range(8):
        writer.note(SYMBOL, minute(number))
    assert lost == [SYMBOL] * 3
    assert writer.waiting == 5
    task = asyncio.create_task(writer.run())
    found = await seen(lambda found: len(found.candles) == 5)
    task.cancel()

    assert [each.open_ms for each in found.candles] == [MIDNIGHT + number * MINUTE_MS for number in range(3, 8)]
    assert writer.waiting == 0


async def test_the_same_minute_again_or_late_changes_nothing(watched: None) -> None:
    async with Simulator(symbols=(SYMBOL,), rate=0) as exchange:
        candles = candles_of(exchange, mode="tickers")
        closed = minute(1)
        for news in (closed, replace(closed, closed=False), closed, minute(0), replace(minute(0), closed=False)):
            candles.take(VenueCandle(SYMBOL, news, news.open_ms + MINUTE_MS))

        assert candles.writer.waiting == 2
        assert candles.open_candles == {}


async def test_a_recording_without_candles_gets_them_from_its_trades(watched: None) -> None:
    async with Simulator(symbols=(SYMBOL,), rate=0) as exchange:
        candles = candles_of(exchange, mode="recorded", source="replay")
        task = asyncio.create_task(candles.run())
        for second in (30, 61, 65, 119, 121, 250, 310):
            numbers = {"price": Decimal(second)}
            time_ms = MIDNIGHT + second * 1000
            candles.trade(Tick(SYMBOL, Kind.TRADE, second, numbers, time_ms, second, Decimal(2)))
        found = await seen(lambda found: len(found.candles) == 3 and len(found.gaps) >= 1, source="replay")
        task.cancel()

    assert [(each.open_ms - MIDNIGHT) // MINUTE_MS for each in found.candles] == [1, 2, 4]
    assert (found.candles[0].open, found.candles[0].close, found.candles[0].volume) == tuple(map(Decimal, (61, 119, 6)))
    gaps = await sync_to_async(history.marks, thread_sensitive=False)(
        "binance", SYMBOL, "replay", start_ms=MIDNIGHT, end_ms=MIDNIGHT + 10 * MINUTE_MS
    )
    assert [((gap.start_ms - MIDNIGHT) // MINUTE_MS, gap.reason) for gap in gaps] == [(0, "partial"), (3, "quiet")]
    assert await Candle.objects.filter(series__source="simulator").acount() == 0


def candles_of(exchange: Simulator, *, mode: str, source: str = "simulator") -> Candles:
    options = FeedOptions(exchange.stream_url, exchange.rest_url, source, mode=mode, pace=FeedPace(candles=CANDLES))
    candles = Candles(options, Publisher(), rest=Rest("binance", exchange.rest_url))
    candles.want([SYMBOL])
    return candles
