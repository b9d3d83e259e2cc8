"""REST of the exchange is down, bans us or counts us out while history is loaded: prices flow, nothing is lost.

What came by the stream is stored meanwhile; what is missing is loaded afterwards, from where it stood, and each
minute once. A ban is left alone for as long as it says.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from asgiref.sync import sync_to_async

from market import history
from market.backfill import BackfillPace
from market.candle_pace import CandlePace
from market.candle_writer import WritePace
from market.core.interval import MINUTE_MS, Interval
from market.core.messages import LIVE
from market.feed import Feed
from market.feed_options import FeedOptions
from market.history import History
from market.models import BackfillState, CandleSeries
from market.simulator import Simulator
from tests.feed.conftest import QUICK
from tests.feed.conftest import layer as layer  # fixtures, for every test here
from tests.feed.conftest import watched as watched
from tests.support.exchange import until
from tests.support.exchange_clock import ExchangeClock
from tests.support.listener import Listener

SYMBOLS = ("BTCUSDT", "ETHUSDT")
DAYS = 3
LONGEST_GAP = 1.0  # seconds between two batches
BAN = 2  # seconds, the shortest
UNDER_WAY = 0.1  # seconds; what was asked before the refusal was read
PACE = replace(
    QUICK,
    stream=replace(QUICK.stream, banned=BAN),
    candles=CandlePace(
        open=0.1,
        closed=0.01,
        write=WritePace(gather=0.05, retry=0.05, longest=0.2),
        backfill=BackfillPace(days=DAYS, every=60.0, settle=0.05, retry=0.1, longest=0.3, between=0.05, say=0.0),
    ),
)

pytestmark = pytest.mark.usefixtures("watched")


@asynccontextmanager
async def feeding(stream: Simulator, rest: Simulator) -> AsyncIterator[tuple[Feed, Listener]]:
    """A whole feed, live."""
    feed = Feed(FeedOptions(stream.stream_url, rest.rest_url, "simulator", pace=PACE))
    async with Listener() as listener:
        task = asyncio.create_task(feed.run())
        try:
            await listener.until(lambda heard: heard.feed == LIVE)
            yield feed, listener
            assert not task.done(), task
        finally:
            task.cancel()
            await asyncio.wait([task])


@sync_to_async(thread_sensitive=False)
def stored(symbol: str) -> History:
    return history.read("binance", symbol, "simulator", Interval.M1, limit=100_000)


@sync_to_async(thread_sensitive=False)
def states() -> dict[str, tuple[str, str]]:
    rows = CandleSeries.objects.values_list("symbol", "backfill_state", "backfill_note")
    return {symbol: (state, note) for symbol, state, note in rows}


async def until_states(state: BackfillState, *, symbols: int = len(SYMBOLS)) -> dict[str, tuple[str, str]]:
    """Wait until so many symbols are in this state; all states."""
    async with asyncio.timeout(60):
        found = await states()
        while sum(each == state for each, _ in found.values()) < symbols:
            await asyncio.sleep(0.05)
            found = await states()
    return found


def candle_calls(exchange: Simulator) -> list[tuple[float, str, int]]:
    """When, which symbol and from when, of each call for minutes."""
    found = []
    for when, path in exchange.asked:
        query = parse_qs(urlsplit(path).query)
        if urlsplit(path).path.endswith("/klines") and query["interval"] == ["1m"]:
            found.append((when, query["symbol"][0], int(query["startTime"][0])))
    return found


async def assert_whole(clock: ExchangeClock) -> None:
    """Every minute of the last days is there, once, and none is marked as missing."""
    for symbol in SYMBOLS:
        found = await stored(symbol)
        opened = [candle.open_ms for candle in found.candles]
        assert opened == list(range(opened[0], opened[-1] + MINUTE_MS, MINUTE_MS))
        assert len(opened) >= DAYS * 1440
        assert clock() - opened[-1] < 3 * MINUTE_MS
        assert found.gaps == []
        assert found.complete


def longest_gap(listener: Listener) -> float:
    return max(later - earlier for earlier, later in zip(listener.heard, listener.heard[1:], strict=False))


async def test_while_rest_is_down_from_the_start_minutes_come_by_the_stream() -> None:
    clock = ExchangeClock()
    async with Simulator(symbols=SYMBOLS, rate=20, clock=clock) as exchange:
        exchange.faults.rest_status = 503
        async with feeding(exchange, exchange) as (_, listener):
            held_up = await until_states(BackfillState.HELD_UP, symbols=1)
            minute = clock.end_minute_in(300)
            async with asyncio.timeout(20):
                while not any(each.open_ms == minute for each in (await stored("BTCUSDT")).candles):
                    await asyncio.sleep(0.05)
            assert listener.feed == LIVE

            exchange.faults.clear()
            await until_states(BackfillState.DONE)
            await assert_whole(clock)

            assert "503" in " ".join(note for _, note in held_up.values())
            assert longest_gap(listener) < LONGEST_GAP


@pytest.mark.parametrize("status", [429, 418])
async def test_a_ban_in_the_middle_is_obeyed_and_then_it_goes_on_from_where_it_stood(status: int) -> None:
    clock = ExchangeClock()
    async with (
        Simulator(symbols=SYMBOLS, rate=20, clock=clock) as exchange,
        feeding(exchange, exchange) as (feed, listener),
    ):
        await until(lambda: len(candle_calls(exchange)) >= 2)
        exchange.faults.rest_status, exchange.faults.retry_after = status, BAN
        asked = len(exchange.asked)
        await until(lambda: len(exchange.asked) > asked)  # refused
        refused_at = exchange.asked[-1][0]
        exchange.faults.clear()
        await until_states(BackfillState.DONE)
        await assert_whole(clock)

        # Nothing at all over HTTP while it is banned: not for prices, symbols or its clock either.
        later = [when - refused_at for when, _ in exchange.asked if when > refused_at + UNDER_WAY]
        assert min(later) >= BAN - 0.1
        # Nothing that had come before is asked for again.
        assert max(Counter((symbol, start) for _, symbol, start in candle_calls(exchange)).values()) <= 2
        assert longest_gap(listener) < LONGEST_GAP
        assert feed.counters["reconnects"] == 0


async def test_a_rest_server_that_dies_in_the_middle_and_comes_back() -> None:
    clock = ExchangeClock()
    async with Simulator(symbols=SYMBOLS, rate=20, clock=clock) as exchange:
        rest = Simulator(symbols=SYMBOLS, rate=0, clock=clock)
        await rest.start()
        async with feeding(exchange, rest) as (_, listener):
            await until(lambda: len(candle_calls(rest)) >= 2)
            await rest.stop()
            await until_states(BackfillState.HELD_UP, symbols=1)
            assert listener.feed == LIVE
            before = candle_calls(rest)
            rest = Simulator(symbols=SYMBOLS, rate=0, clock=clock, port=rest.port)
            try:
                await rest.start()
                await until_states(BackfillState.DONE)
                await assert_whole(clock)
            finally:
                await rest.stop()

        again = Counter((symbol, start) for _, symbol, start in before + candle_calls(rest))
        assert max(again.values()) <= 2
        assert longest_gap(listener) < LONGEST_GAP
