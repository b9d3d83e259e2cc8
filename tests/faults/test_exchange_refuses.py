"""Fault 13: the exchange answers the handshake with 429, 418, 403, 503 or 451."""

from dataclasses import replace

import pytest

from market.exchanges.pace import PACE
from market.simulator import Simulator
from tests.support.exchange import QUICK, Listener, Refuse, ScriptedExchange, Send, until
from tests.support.frames import ticker

WORDS = "Service unavailable from a restricted location according to 'b. Eligibility'."
AFTER = [Send(ticker())]


@pytest.mark.parametrize(
    ("status", "least", "barred"),
    [
        (429, QUICK.banned, True),
        (418, QUICK.banned, True),
        (403, QUICK.blocked, True),
        (451, QUICK.blocked, True),
        (503, 0.0, False),
    ],
)
async def test_it_stays_away_says_why_and_comes_back(status: int, least: float, barred: bool) -> None:
    body = f'{{"code":0,"msg":"{WORDS}"}}'
    async with ScriptedExchange(Refuse(status, body), AFTER) as exchange, Listener(exchange.url) as listener:
        listener.want("BTCUSDT")
        await until(lambda: listener.states)
        refused = listener.states[0]
        await until(lambda: listener.stream.state.connected)

        assert (refused.connected, refused.barred) == (False, barred)
        assert f"HTTP {status}" in refused.reason and WORDS in refused.reason
        assert exchange.connects[1] - exchange.connects[0] >= least
        assert not listener.stream.state.barred and listener.stream.state.reason == ""


@pytest.mark.parametrize("status", [429, 503])
async def test_a_longer_retry_after_is_obeyed(status: int) -> None:
    refusal = Refuse(status, "no", {"Retry-After": "1"})
    async with ScriptedExchange(refusal, AFTER) as exchange, Listener(exchange.url) as listener:
        listener.want("BTCUSDT")
        await until(lambda: len(exchange.connects) == 2)

        assert exchange.connects[1] - exchange.connects[0] >= 1.0


async def test_a_ban_holds_for_the_other_connections_too() -> None:
    """Two connections' worth of streams, and one handshake until the ban is over."""
    async with ScriptedExchange(Refuse(429, "no"), AFTER) as exchange:
        pace = replace(QUICK, connect_limits=((1, 0.1),))
        async with Listener(exchange.url, pace=pace) as listener:
            listener.want(*(f"SYM{number}USDT" for number in range(1025)))
            await until(lambda: len(exchange.connects) == 3)

        assert exchange.connects[2] - exchange.connects[0] >= QUICK.banned


async def test_being_banned_while_connected_does_not_cost_the_connection() -> None:
    async with (
        Simulator(seed=1, symbols=("BTCUSDT",), rate=50) as exchange,
        Listener(exchange.stream_url) as listener,
    ):
        listener.want("BTCUSDT")
        await until(lambda: listener.ticks)
        exchange.faults.http_status = 429
        exchange.shutdown(grace=30.0)
        await until(lambda: len(exchange.connects) >= 2)
        seen = len(listener.ticks)
        await until(lambda: len(listener.ticks) > seen + 5)

        assert listener.stream.state.connected and not listener.stream.state.barred


def test_the_real_pauses_are_those_of_binance() -> None:
    assert PACE.banned >= 120.0
    assert PACE.blocked >= 60.0


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize("status", [418, 429])
async def test_a_ban_is_left_alone_for_two_minutes(status: int) -> None:
    refusal = Refuse(status, "banned", {"Retry-After": "3"})
    async with ScriptedExchange(refusal, AFTER) as exchange, Listener(exchange.url, pace=PACE) as listener:
        listener.want("BTCUSDT")
        await until(lambda: listener.stream.state.connected, deadline=200.0)

        assert exchange.connects[1] - exchange.connects[0] >= 120.0
