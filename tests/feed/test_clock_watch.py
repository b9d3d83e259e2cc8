"""When the exchange's clock is looked at, and that an exchange which wants to be left alone is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from market.clock_watch import ClockPace, ClockWatch
from market.exchanges.rest import Rest
from market.simulator import Simulator
from tests.support.exchange import until

PACE = ClockPace(every=30.0, least=0.05, between=0.0, trips=2)
TIME = "/api/v3/time"


@asynccontextmanager
async def watching(exchange: Simulator, pace: ClockPace = PACE) -> AsyncIterator[ClockWatch]:
    watch = ClockWatch(Rest("binance", exchange.rest_url), on_set=lambda: None, pace=pace)
    task = asyncio.create_task(watch.run())
    try:
        await until(lambda: watch.looked)
        yield watch
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait([task])


def asked(exchange: Simulator) -> int:
    """How often for its time."""
    return sum(path == TIME for _, path in exchange.asked)


async def test_a_look_costs_some_of_the_smallest_requests(exchange: Simulator) -> None:
    async with watching(exchange) as watch:
        assert watch.offset is not None
        assert asked(exchange) == PACE.trips


async def test_it_looks_again_when_asked_but_not_more_often_than_it_may(exchange: Simulator) -> None:
    async with watching(exchange) as watch:
        for _ in range(1000):
            watch.ask()
        await until(lambda: asked(exchange) == 2 * PACE.trips)
        await asyncio.sleep(3 * PACE.least)

        assert asked(exchange) == 2 * PACE.trips


async def test_it_looks_every_so_often(exchange: Simulator) -> None:
    async with watching(exchange, ClockPace(every=0.05, least=0.0, between=0.0, trips=1)):
        await until(lambda: asked(exchange) >= 4)


@pytest.mark.parametrize("status", [429, 418])
async def test_an_exchange_that_wants_to_be_left_alone_is(status: int, exchange: Simulator) -> None:
    exchange.faults.rest_status, exchange.faults.retry_after = status, 60
    async with watching(exchange) as watch:
        exchange.faults.clear()
        watch.ask()
        await asyncio.sleep(5 * PACE.least)

        assert watch.offset is None
        assert asked(exchange) == 1


async def test_an_exchange_that_is_away_is_tried_again(exchange: Simulator) -> None:
    exchange.faults.rest_status = 503
    async with watching(exchange, ClockPace(every=0.05, least=0.0, between=0.0, trips=1)) as watch:
        assert watch.offset is None
        exchange.faults.clear()
        await until(lambda: watch.offset is not None)
