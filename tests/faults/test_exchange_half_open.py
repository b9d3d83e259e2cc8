"""Fault 8: the exchange keeps TCP but reads and writes nothing; and what must not be taken for it."""

import asyncio
import time
from dataclasses import replace

import pytest

from market.exchanges.pace import PACE, Pace
from market.simulator import Simulator
from tests.support.exchange import QUICK, Freeze, Listener, ScriptedExchange, Send, until
from tests.support.frames import ticker

NOTICED_WITHIN = 15.0  # seconds after the last datum


async def reconnect_after_freeze(pace: Pace) -> float:
    """Seconds from the last datum to the next connect."""
    async with (
        ScriptedExchange([Send(ticker()), Freeze()], [Send(ticker(at=1000))]) as exchange,
        Listener(exchange.url, pace=pace) as listener,
    ):
        listener.want("BTCUSDT")
        await until(lambda: listener.ticks)
        last_datum = listener.stream.state.last_frame
        await until(lambda: len(exchange.connects) == 2, deadline=NOTICED_WITHIN + 10)

        assert listener.stream.rotations == 0
        return exchange.connects[1] - last_datum


async def test_a_frozen_exchange_is_left_soon() -> None:
    pace = replace(QUICK, silence=0.5, pong=0.2)

    assert 0.7 <= await reconnect_after_freeze(pace) <= 0.7 + 1.0


def test_the_real_limits_add_up_to_less_than_fifteen_seconds() -> None:
    assert PACE.silence + PACE.pong + PACE.backoff_base < NOTICED_WITHIN


@pytest.mark.soak
async def test_a_frozen_exchange_is_left_within_fifteen_seconds() -> None:
    assert await reconnect_after_freeze(PACE) <= NOTICED_WITHIN


async def test_prices_come_back_from_a_simulator_that_froze() -> None:
    async with (
        Simulator(seed=1, symbols=("BTCUSDT",), rate=50) as exchange,
        Listener(exchange.stream_url) as listener,
    ):
        listener.want("BTCUSDT")
        await until(lambda: len(listener.ticks) > 5)
        exchange.freeze()
        frozen = len(listener.ticks)
        await until(lambda: len(listener.ticks) > frozen + 5)

        assert any("no answer to a ping" in state.reason for state in listener.states)


async def test_a_quiet_market_is_not_taken_for_a_dead_pipe() -> None:
    """It answers pings: looked at anew beside the old connection, ever less often, and never reported as an outage."""
    pace = replace(QUICK, silence=0.2, quiet_cap=0.8, overlap=0.1)
    async with ScriptedExchange([Send(ticker())], ()) as exchange, Listener(exchange.url, pace=pace) as listener:
        listener.want("BTCUSDT")
        await until(lambda: listener.ticks)
        await until(lambda: listener.stream.rotations == 2)
        started = time.monotonic()
        await until(lambda: listener.stream.rotations == 4)

        assert time.monotonic() - started >= 2 * pace.quiet_cap
        assert listener.stream.reconnects == 0
        assert all(state.connected for state in listener.states)


async def test_a_connection_that_lost_its_subscriptions_is_replaced_by_one_that_delivers() -> None:
    """Acknowledged, answering pings, and silent: only the new connection shows that the old one was at fault."""
    async with (
        Simulator(seed=1, symbols=("BTCUSDT",), rate=50) as exchange,
        Listener(exchange.stream_url) as listener,
    ):
        listener.want("BTCUSDT")
        await until(lambda: len(listener.ticks) > 5)
        exchange.faults.stall = True
        await until(lambda: len(exchange.connects) >= 2)
        exchange.faults.stall = False
        stalled = len(listener.ticks)
        await until(lambda: len(listener.ticks) > stalled + 5)

        assert listener.stream.reconnects == 0
        assert listener.stream.state.connected


async def test_a_garrulous_connection_is_never_pinged_away() -> None:
    async with (
        Simulator(seed=1, symbols=("BTCUSDT",), rate=20) as exchange,
        Listener(exchange.stream_url) as listener,
    ):
        listener.want("BTCUSDT")
        await until(lambda: listener.ticks)
        await asyncio.sleep(3 * QUICK.silence)

        assert len(exchange.connects) == 1
