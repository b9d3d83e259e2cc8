"""Fault 11: the exchange ends every connection after its time; a successor is there before."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from market.exchanges.pace import PACE
from market.simulator import Faults, Simulator, Terms
from tests.support.exchange import QUICK, Listener, until

SYMBOLS = ("BTCUSDT", "ETHUSDT", "BNBUSDT")
LONGEST_GAP = 1.0  # seconds without a new price of a symbol


def gaps(listener: Listener, symbol: str) -> Iterable[float]:
    moments = [moment for moment, quote in listener.quotes if quote.symbol == symbol]
    return (after - before for before, after in zip(moments, moments[1:], strict=False))


def assert_seamless(listener: Listener) -> None:
    """No gap in any symbol; nothing twice and nothing backwards."""
    for symbol in SYMBOLS:
        told = [(quote.time_ms, quote.numbers) for _, quote in listener.quotes if quote.symbol == symbol]
        assert max(gaps(listener, symbol)) <= LONGEST_GAP
        assert all(before != after for before, after in zip(told, told[1:], strict=False))
        assert [time_ms for time_ms, _ in told] == sorted(time_ms for time_ms, _ in told)


async def rotated(listener: Listener, times: int, *, deadline: float = 20.0) -> None:
    listener.want(*SYMBOLS, every_trade=True)
    await until(lambda: listener.stream.rotations >= times, deadline=deadline)
    seen = len(listener.quotes)
    await until(lambda: len(listener.quotes) > seen + 30)


async def test_a_successor_takes_over_before_the_connection_is_too_old() -> None:
    pace = replace(QUICK, rotation=0.8, rotation_jitter=0.2)
    async with (
        Simulator(seed=1, symbols=SYMBOLS, rate=20, terms=Terms(lifetime=2.0)) as exchange,
        Listener(exchange.stream_url, pace=pace) as listener,
    ):
        await rotated(listener, 3)

        assert listener.stream.reconnects == 0
        assert all(state.connected for state in listener.states)
        assert_seamless(listener)


async def test_a_successor_takes_over_when_the_exchange_says_it_will_shut_down() -> None:
    async with (
        Simulator(seed=1, symbols=SYMBOLS, rate=20, faults=Faults(shutdown=0.7, shutdown_grace=1.0)) as exchange,
        Listener(exchange.stream_url) as listener,
    ):
        await rotated(listener, 2)

        assert listener.stream.reconnects == 0
        assert all(state.connected for state in listener.states)
        assert_seamless(listener)


@pytest.mark.parametrize("code", [1001, 0], ids=["with a close frame", "without one"])
async def test_an_end_without_warning_costs_less_than_a_second(code: int) -> None:
    async with (
        Simulator(seed=1, symbols=SYMBOLS, rate=20, faults=Faults(close_after=0.8, close_code=code)) as exchange,
        Listener(exchange.stream_url) as listener,
    ):
        listener.want(*SYMBOLS, every_trade=True)
        await until(lambda: listener.stream.reconnects >= 2)
        seen = len(listener.quotes)
        await until(lambda: len(listener.quotes) > seen + 30)

        assert_seamless(listener)


async def test_a_successor_that_fails_leaves_the_old_connection_at_work() -> None:
    async with (
        Simulator(seed=1, symbols=SYMBOLS, rate=20) as exchange,
        Listener(exchange.stream_url) as listener,
    ):
        listener.want(*SYMBOLS)
        await until(lambda: len(listener.quotes) > 5)
        exchange.faults.accept_then_close = 1008
        exchange.shutdown(grace=30.0)
        await until(lambda: len(exchange.connects) >= 4)
        assert listener.stream.state.connected
        exchange.faults.clear()
        await until(lambda: listener.stream.rotations == 1)

        assert all(state.connected for state in listener.states)
        assert_seamless(listener)


def test_the_real_rotation_is_before_twenty_four_hours() -> None:
    assert 23 * 3600 < PACE.rotation - PACE.rotation_jitter < PACE.rotation < 24 * 3600 - PACE.overlap


@pytest.mark.soak
async def test_many_rotations_in_a_row_are_seamless() -> None:
    pace = replace(QUICK, rotation=1.0, rotation_jitter=0.5)
    async with (
        Simulator(seed=2, symbols=SYMBOLS, rate=50) as exchange,
        Listener(exchange.stream_url, pace=pace) as listener,
    ):
        await rotated(listener, 60, deadline=120.0)

        assert listener.stream.reconnects == 0
        assert_seamless(listener)
