"""An exchange's stream over real sockets: subscriptions, state, and coming back."""

import asyncio
import logging
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest

from market.exchanges.pace import PACE
from market.simulator import Simulator
from tests.support.exchange import QUICK, Close, Cut, Listener, Refuse, ScriptedExchange, Send, acknowledge, until
from tests.support.frames import ticker

HELLO = Send(ticker("BTCUSDT"))
MANY = [f"SYM{number:04d}USDT" for number in range(1100)]


def streams_of(path: str) -> list[str]:
    return unquote(path).partition("streams=")[2].split("/")


async def test_prices_of_the_wanted_symbols_arrive() -> None:
    async with (
        Simulator(seed=1, symbols=("BTCUSDT", "ETHUSDT"), rate=50) as exchange,
        Listener(exchange.stream_url) as listener,
    ):
        listener.want("BTCUSDT", "ETHUSDT")
        await until(lambda: {tick.symbol for tick in listener.ticks} == {"BTCUSDT", "ETHUSDT"})

        assert listener.stream.state.connected
        assert listener.stream.state.reason == ""
        assert listener.stream.bad == 0


async def test_the_first_subscriptions_travel_in_the_address() -> None:
    async with ScriptedExchange([HELLO]) as exchange, Listener(exchange.url) as listener:
        listener.want("BTCUSDT", "币安人生USDT")
        await until(lambda: listener.ticks)

        assert streams_of(exchange.paths[0]) == ["btcusdt@ticker", "币安人生usdt@ticker"]
        assert exchange.requests == []


async def test_later_ones_are_one_message_on_the_same_connection() -> None:
    async with ScriptedExchange([HELLO]) as exchange, Listener(exchange.url) as listener:
        listener.want("BTCUSDT", "LTCUSDT")
        await until(lambda: listener.ticks)
        listener.want("BTCUSDT", "ETHUSDT", "BNBUSDT")
        await until(lambda: len(exchange.requests) == 2)

        assert [(request["method"], request["params"]) for _, request in exchange.requests] == [
            ("UNSUBSCRIBE", ["ltcusdt@ticker"]),
            ("SUBSCRIBE", ["ethusdt@ticker", "bnbusdt@ticker"]),
        ]
        assert len(exchange.connects) == 1


async def test_messages_keep_their_distance() -> None:
    pace = replace(QUICK, between_messages=0.1, streams_per_message=1)
    async with ScriptedExchange([HELLO]) as exchange, Listener(exchange.url, pace=pace) as listener:
        listener.want("BTCUSDT")
        await until(lambda: listener.ticks)
        for last in range(2, 6):
            listener.want("BTCUSDT", *MANY[:last])
            await asyncio.sleep(0)
        await until(lambda: len(exchange.requests) == 5)

        moments = [moment for moment, _ in exchange.requests]
        assert min(after - before for before, after in zip(moments, moments[1:], strict=False)) >= 0.09


def test_the_distance_is_what_binance_bears() -> None:
    assert PACE.between_messages >= 0.25


async def test_what_does_not_fit_into_the_address_is_subscribed_afterwards() -> None:
    async with ScriptedExchange([HELLO]) as exchange, Listener(exchange.url) as listener:
        listener.want(*MANY[:800])
        await until(lambda: sum(len(request["params"]) for _, request in exchange.requests) >= 300)
        asked = streams_of(exchange.paths[0])
        await until(lambda: len(asked) + sum(len(request["params"]) for _, request in exchange.requests) == 800)

        assert len(exchange.url + exchange.paths[0]) <= 8_000
        assert all(len(request["params"]) <= 100 for _, request in exchange.requests)


async def test_no_connection_carries_more_streams_than_the_exchange_allows() -> None:
    async with ScriptedExchange([HELLO]) as exchange, Listener(exchange.url) as listener:
        listener.want(*MANY)
        await until(lambda: len(exchange.connects) == 2)
        await until(lambda: listener.stream.state.connected)
        listener.want(*MANY[:10])
        await until(lambda: len(exchange.sockets) == 1)

        assert listener.stream.state.connected


async def test_nothing_wanted_is_no_connection() -> None:
    async with ScriptedExchange([HELLO]) as exchange, Listener(exchange.url) as listener:
        listener.want("BTCUSDT")
        await until(lambda: listener.ticks)
        listener.want()
        await until(lambda: not exchange.sockets)
        assert not listener.stream.state.connected

        listener.want("BTCUSDT")
        await until(lambda: exchange.sockets and listener.stream.state.connected)


async def test_the_whole_market_is_one_stream() -> None:
    async with (
        Simulator(seed=1, symbols=20, rate=20) as exchange,
        Listener(exchange.stream_url, mode="market") as listener,
    ):
        listener.want("BTCUSDT")
        await until(lambda: len(listener.merger.quotes()) >= 15)

        assert all(quote.change_24h is not None for quote in listener.merger.quotes())


@pytest.mark.parametrize("mode", ["market", "recorded"])
async def test_a_shared_stream_too_waits_until_it_is_known_what_is_wanted(mode: str) -> None:
    async with ScriptedExchange([HELLO]) as exchange, Listener(exchange.url, mode=mode) as listener:
        await asyncio.sleep(0.3)  # it would be there in a tenth of that
        assert exchange.connects == []

        listener.want("BTCUSDT")
        await until(lambda: listener.ticks)


async def test_every_trade_merges_with_the_ticker() -> None:
    async with (
        Simulator(seed=1, symbols=("BTCUSDT",), rate=20) as exchange,
        Listener(exchange.stream_url) as listener,
    ):
        listener.want("BTCUSDT", every_trade=True)
        await until(lambda: {tick.kind.name for tick in listener.ticks} == {"TICKER", "TRADE", "BOOK"})

        assert listener.stream.state.connected


async def test_a_closed_connection_is_opened_again_and_the_reason_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async with (
        ScriptedExchange([HELLO, Close(1001, "going away")], [HELLO]) as exchange,
        Listener(exchange.url) as listener,
    ):
        listener.want("BTCUSDT")
        await until(lambda: len(exchange.connects) == 2 and listener.stream.state.connected)

    assert any("1001 going away" in state.reason for state in listener.states if not state.connected)
    assert listener.stream.reconnects == 1
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1 and "1001 going away" in warnings[0]


async def test_a_lost_connection_is_opened_again() -> None:
    async with ScriptedExchange([HELLO, Cut()], [HELLO]) as exchange, Listener(exchange.url) as listener:
        listener.want("BTCUSDT")
        await until(lambda: len(listener.ticks) == 2)

        assert any("lost" in state.reason for state in listener.states)


async def test_an_outage_is_logged_once_for_each_reason(caplog: pytest.LogCaptureFixture) -> None:
    async with ScriptedExchange(Refuse(503, "busy")) as exchange, Listener(exchange.url) as listener:
        listener.want("BTCUSDT")
        await until(lambda: len(exchange.connects) >= 10)

    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert warnings == ["binance: HTTP 503 Service Unavailable: busy; it will be tried again"]


async def test_an_exchange_that_does_not_answer_is_called_until_it_does() -> None:
    async with ScriptedExchange([HELLO]) as exchange:
        url = exchange.url
    async with Listener(url) as listener:
        listener.want("BTCUSDT")
        await until(lambda: listener.states)

        assert not listener.stream.state.connected
        assert "refused" in listener.stream.state.reason or "Connect call failed" in listener.stream.state.reason
        assert not listener.stream.state.barred


async def test_a_symbol_that_never_speaks_is_reported_silent() -> None:
    async with (
        Simulator(seed=1, symbols=("BTCUSDT",), rate=50) as exchange,
        Listener(exchange.stream_url) as listener,
    ):
        listener.want("BTCUSDT", "MATICUSDT")
        await until(lambda: listener.states and listener.states[-1].silent)

        assert listener.stream.state.silent == {"MATICUSDT"}
        assert listener.stream.state.connected
        assert len(exchange.connects) == 1


async def test_an_unknown_stream_does_not_cost_the_others(caplog: pytest.LogCaptureFixture) -> None:
    def choosy(request: dict[str, Any]) -> str:
        if "dogeusdt@ticker" in request["params"]:
            return f'{{"error":{{"code":2,"msg":"Invalid request: invalid stream"}},"id":{request["id"]}}}'
        return acknowledge(request)

    async with ScriptedExchange([HELLO], answer=choosy) as exchange, Listener(exchange.url) as listener:
        listener.want("BTCUSDT")
        await until(lambda: listener.ticks)
        listener.want("BTCUSDT", "ETHUSDT", "DOGEUSDT", "BNBUSDT")
        await until(lambda: any("no dogeusdt@ticker" in record.getMessage() for record in caplog.records))

        assert len(exchange.connects) == 1


async def test_an_unanswered_subscription_gets_a_new_connection() -> None:
    async with ScriptedExchange([HELLO], answer=lambda request: None) as exchange, Listener(exchange.url) as listener:
        listener.want("BTCUSDT")
        await until(lambda: listener.ticks)
        listener.want("BTCUSDT", "ETHUSDT")
        await until(lambda: len(exchange.connects) == 2)

        assert streams_of(exchange.paths[1]) == ["btcusdt@ticker", "ethusdt@ticker"]


async def test_stopping_closes_the_socket() -> None:
    async with ScriptedExchange([HELLO]) as exchange:
        listener = Listener(exchange.url)
        listener.want("BTCUSDT")
        async with listener:
            await until(lambda: listener.ticks)
        await until(lambda: not exchange.sockets)
