"""Loading what is missing from a simulated exchange that is away, refuses or has nothing itself."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from httpx import AsyncClient

from market import history
from market.candle_writer import in_thread
from market.core.interval import DAY_MINUTES, MINUTE_MS, Interval
from market.history import History
from market.models import BackfillState, Candle, CandleGap, CandleSeries
from market.simulator import Simulator
from market.simulator.answer import Answer
from market.simulator.rest import Rest as SimulatedRest
from tests.history.exchange import PACE, SYMBOL, Clock, loading

pytestmark = pytest.mark.usefixtures("transactional_db")


@sync_to_async(thread_sensitive=False)
def stored(interval: Interval = Interval.M1) -> History:
    return history.read("binance", SYMBOL, "simulator", interval, limit=20_000)


async def seen(condition: Callable[[History], object], *, interval: Interval = Interval.M1) -> History:
    """Stored candles, once `condition` holds of them."""
    async with asyncio.timeout(20):
        while not condition(found := await stored(interval)):
            await asyncio.sleep(0.05)
    return found


async def series(condition: Callable[[CandleSeries], object]) -> CandleSeries:
    async with asyncio.timeout(20):
        while (row := await CandleSeries.objects.afirst()) is None or not condition(row):
            await asyncio.sleep(0.02)
    return row


def is_done(row: CandleSeries) -> bool:
    return row.backfill_state == BackfillState.DONE


async def said_by(exchange: Simulator, interval: str, start_ms: int) -> dict[int, tuple[Decimal, ...]]:
    """What the exchange has, asked in a way of our own: opening time to its numbers."""
    query: dict[str, Any] = {"symbol": SYMBOL, "interval": interval, "startTime": start_ms, "limit": 1000}
    async with AsyncClient() as client:
        rows = (await client.get(f"{exchange.rest_url}/api/v3/klines", params=query)).json()
    return {row[0]: tuple(map(Decimal, [*row[1:6], row[7], row[8]])) for row in rows}


async def test_what_is_stored_is_what_the_exchange_says() -> None:
    clock = Clock()
    async with Simulator(symbols=(SYMBOL,), rate=0, clock=clock) as exchange, loading(exchange):
        await series(is_done)
        found, days = await stored(), await stored(Interval.D1)
        said = await said_by(exchange, "1m", found.candles[-900].open_ms)
        said_days = await said_by(exchange, "1d", days.candles[0].open_ms)

    assert found.complete
    assert len(found.candles) >= DAY_MINUTES
    for each in found.candles[-900:]:
        numbers = (each.open, each.high, each.low, each.close, each.volume, each.quote_volume, Decimal(each.trades))
        assert said[each.open_ms] == numbers
    for each in days.candles[:-2]:  # yesterday's is made of our minutes
        assert said_days[each.open_ms][0] == each.open


async def test_it_goes_on_where_it_was_interrupted() -> None:
    days = replace(PACE, days=5)
    async with Simulator(symbols=(SYMBOL,), rate=0, clock=Clock()) as exchange:
        asked = _count_minutes(exchange)
        async with loading(exchange, pace=days):
            await seen(lambda found: len(found.candles) >= 900)
        await in_thread(int)  # what was being written is written
        before = await Candle.objects.filter(interval="1m").acount()
        asked.clear()
        async with loading(exchange, pace=days):
            await series(is_done)
            found = await stored()
        async with loading(exchange, pace=days):
            await asyncio.sleep(0.5)

    assert found.complete
    assert len(found.candles) >= 5 * DAY_MINUTES
    assert sum(asked) == len(found.candles) - before > 0


def _count_minutes(exchange: Simulator) -> list[int]:
    """Minutes in each answer from now on."""
    asked: list[int] = []
    rest: SimulatedRest = exchange._gate._rest
    plain = rest._routes["/api/v3/klines"]

    def counted(query: Any) -> tuple[int, Any]:
        weight, rows = plain(query)
        asked.extend([len(rows)] if query["interval"] == ["1m"] else [])
        return weight, rows

    rest._routes["/api/v3/klines"] = counted
    return asked


@pytest.mark.parametrize("status", [429, 418])
async def test_a_ban_is_sat_out_and_then_it_goes_on(status: int) -> None:
    async with Simulator(symbols=(SYMBOL,), rate=0, clock=Clock()) as exchange:
        exchange.faults.rest_status, exchange.faults.retry_after = status, 1
        answered = _note_answers(exchange)
        async with loading(exchange):
            row = await series(lambda row: row.backfill_state == BackfillState.HELD_UP)
            exchange.faults.clear()
            await series(is_done)

    assert f"HTTP {status}" in row.backfill_note
    assert answered[1] - answered[0] >= 0.95


def _note_answers(exchange: Simulator) -> list[float]:
    """When each was given, from now on."""
    answered: list[float] = []
    plain = exchange._gate._rest.answer

    def noted(path: str, query: Any) -> Answer:
        answered.append(time.monotonic())
        return plain(path, query)

    exchange._gate._rest.answer = noted  # type: ignore[method-assign]
    return answered


async def test_an_exchange_that_is_away_is_asked_again_until_it_is_back() -> None:
    exchange = Simulator(symbols=(SYMBOL,), rate=0, clock=Clock())
    await exchange.start()
    await exchange.stop()
    async with loading(exchange):
        await series(lambda row: row.backfill_state == BackfillState.HELD_UP)
        async with exchange:
            await series(is_done)

    assert (await stored()).complete


async def test_a_used_up_budget_is_left_to_the_prices() -> None:
    clock = Clock()
    async with Simulator(symbols=(SYMBOL,), rate=0, clock=clock) as exchange, loading(exchange) as backfill:
        exchange._gate._rest._minute, exchange._gate._rest.weight = clock() // MINUTE_MS, 3_500
        await series(lambda row: row.pk)
        await asyncio.sleep(0.5)

        assert backfill.waiting == 1
        assert exchange._gate._rest.weight < 3_510


async def test_what_the_exchange_does_not_have_is_marked_and_never_flat() -> None:
    clock = Clock()
    async with Simulator(symbols=(SYMBOL,), rate=50, clock=clock) as exchange:
        await clock.advance(1)
        exchange.faults.halted = {SYMBOL}
        await clock.advance(4)
        exchange.faults.halted = set()
        await clock.advance(3)
        async with loading(exchange):
            found = await seen(lambda found: found.gaps)
            await series(is_done)

    (gap,) = found.gaps
    assert gap.reason == "none"
    assert 2 <= (gap.end_ms - gap.start_ms) // MINUTE_MS <= 4
    assert not any(gap.start_ms <= each.open_ms < gap.end_ms for each in found.candles)
    assert found.complete


async def test_a_symbol_that_does_not_trade_is_marked_as_halted() -> None:
    async with (
        Simulator(symbols=("MATICUSDT", SYMBOL), rate=0, clock=Clock()) as exchange,
        loading(exchange, is_halted=lambda symbol: symbol == "MATICUSDT") as backfill,
    ):
        backfill.want(["MATICUSDT"])
        await series(lambda row: row.symbol == "MATICUSDT" and is_done(row))

    (gap,) = [row async for row in CandleGap.objects.filter(series__symbol="MATICUSDT")]
    assert gap.reason == "halted"
    assert await Candle.objects.filter(series__symbol="MATICUSDT", interval="1m").acount() == 0
    assert await Candle.objects.filter(series__symbol="MATICUSDT", interval="1d").acount() > 100


async def test_an_unknown_symbol_does_not_hold_up_the_others() -> None:
    async with Simulator(symbols=(SYMBOL,), rate=0, clock=Clock()) as exchange, loading(exchange) as backfill:
        backfill.want(["AAAUSDT", SYMBOL])
        unknown = await series(lambda row: row.symbol == "AAAUSDT" and row.backfill_note)
        await seen(lambda found: len(found.candles) >= DAY_MINUTES)

    assert "Invalid symbol" in unknown.backfill_note
