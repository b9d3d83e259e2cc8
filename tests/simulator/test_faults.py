"""Faults of connections and of HTTP, switched on while clients are connected."""

import asyncio
import time

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from market.simulator import Faults, Simulator, Terms
from tests.simulator.clients import (
    PATIENCE,
    ask,
    bare,
    combined,
    frame_received,
    raw,
    received,
    rest,
)

TEXT, PING = 1, 9
SILENCE = 0.3  # seconds without a message that prove a stop, at 100 messages a second


async def test_stall_stops_prices_while_pings_and_replies_go_on() -> None:
    async with (
        Simulator(symbols=("BTCUSDT",), rate=100, terms=Terms(ping_interval=0.05)) as exchange,
        bare(exchange, "/ws/btcusdt@ticker") as (reader, _),
        raw(exchange) as client,
    ):
        assert TEXT in [(await frame_received(reader))[0] for _ in range(10)]
        exchange.faults.stall = True
        pings_in_a_row = 0
        while pings_in_a_row < 5:
            opcode, _ = await frame_received(reader)
            pings_in_a_row = pings_in_a_row + 1 if opcode == PING else 0

        assert (await ask(client, "LIST_SUBSCRIPTIONS"))["result"] == []


async def test_stall_ends_when_switched_off() -> None:
    async with Simulator(rate=100) as exchange, combined(exchange, "btcusdt@ticker") as client:
        await received(client)
        exchange.faults.stall = True
        with pytest.raises(TimeoutError):
            while True:
                await asyncio.wait_for(client.recv(), SILENCE)
        exchange.faults.stall = False

        assert (await received(client))["data"]["s"] == "BTCUSDT"


async def test_half_open_neither_reads_nor_writes_and_keeps_tcp() -> None:
    async with (
        Simulator(rate=100, terms=Terms(ping_interval=0.05)) as exchange,
        bare(exchange, "/ws/btcusdt@ticker") as (reader, writer),
    ):
        await frame_received(reader)
        exchange.faults.half_open = True
        with pytest.raises(TimeoutError):
            while True:
                await asyncio.wait_for(reader.readexactly(1), SILENCE)
        writer.write(b"\x89\x80\x00\x00\x00\x00")  # a ping, masked with zeros
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.readexactly(1), SILENCE)
        assert not reader.at_eof()


async def test_half_open_exchange_answers_no_handshake() -> None:
    async with Simulator(rate=100, faults=Faults(half_open=True)) as exchange:
        with pytest.raises(TimeoutError):
            await connect(exchange.stream_url + "/ws", proxy=None, open_timeout=SILENCE)

        assert len(exchange.connects) == 1


async def test_half_open_connections_come_back_when_switched_off() -> None:
    async with Simulator(rate=100) as exchange, combined(exchange, "btcusdt@ticker") as client:
        exchange.faults.half_open = True
        with pytest.raises(TimeoutError):
            while True:
                await asyncio.wait_for(client.recv(), SILENCE)
        exchange.faults.half_open = False

        await received(client)
        assert (await ask(client, "LIST_SUBSCRIPTIONS"))["result"] == ["btcusdt@ticker"]


async def test_freeze_strikes_present_connections_only() -> None:
    async with Simulator(rate=100) as exchange, combined(exchange, "btcusdt@ticker") as old:
        await received(old)
        exchange.freeze()
        async with combined(exchange, "btcusdt@ticker") as new:
            await received(new)
            with pytest.raises(TimeoutError):
                while True:
                    await asyncio.wait_for(old.recv(), SILENCE)


@pytest.mark.parametrize("code", [1000, 1001, 1008, 4000])
async def test_close_after_ends_each_connection_with_its_code(code: int) -> None:
    faults = Faults(close_after=0.2, close_code=code)
    async with Simulator(rate=50, faults=faults) as exchange, combined(exchange, "btcusdt@ticker") as client:
        await asyncio.wait_for(client.wait_closed(), PATIENCE)

    assert client.close_code == code


async def test_close_after_can_cut_tcp_without_a_close_frame() -> None:
    faults = Faults(close_after=0.2, close_code=0)
    async with Simulator(rate=50, faults=faults) as exchange, combined(exchange, "btcusdt@ticker") as client:
        await asyncio.wait_for(client.wait_closed(), PATIENCE)

    assert client.close_code == 1006


@pytest.mark.parametrize(("code", "seen"), [(1000, 1000), (1008, 1008), (4001, 4001), (0, 1006)])
async def test_accept_then_close(code: int, seen: int) -> None:
    async with Simulator(faults=Faults(accept_then_close=code)) as exchange:
        for _ in range(3):
            async with raw(exchange) as client:
                await asyncio.wait_for(client.wait_closed(), PATIENCE)
            assert client.close_code == seen

    assert len(exchange.connects) == 3


@pytest.mark.parametrize("status", [403, 418, 429, 451, 500, 503])
async def test_http_status_refuses_the_handshake(status: int) -> None:
    faults = Faults(http_status=status, retry_after=7)
    async with Simulator(faults=faults) as exchange:
        with pytest.raises(InvalidStatus) as refused:
            await connect(exchange.stream_url + "/ws", proxy=None)

    response = refused.value.response
    assert response.status_code == status
    assert response.headers["Retry-After"] == "7"
    assert len(exchange.connects) == 1
    assert ("restricted location" in (response.body or b"").decode()) == (status == 451)


async def test_rest_status_refuses_rest_calls_only() -> None:
    faults = Faults(rest_status=418, retry_after=120)
    async with Simulator(rate=50, faults=faults) as exchange, rest(exchange) as client:
        answer = await client.get("/api/v3/ping")
        async with combined(exchange, "btcusdt@ticker") as subscriber:
            await received(subscriber)

    assert (answer.status_code, answer.headers["Retry-After"]) == (418, "120")
    assert "IP banned until" in answer.json()["msg"]


async def test_shutdown_tells_each_connection_and_closes_it_after_the_grace() -> None:
    faults = Faults(shutdown=0.2, shutdown_grace=0.3)
    async with Simulator(rate=0, faults=faults) as exchange, raw(exchange) as client:
        event = await received(client)
        told = time.monotonic()
        await asyncio.wait_for(client.wait_closed(), PATIENCE)

    assert event["e"] == "serverShutdown"
    assert time.monotonic() - told >= 0.25
    assert client.close_code == 1001


def test_clear_switches_everything_off() -> None:
    faults = Faults(stall=True, http_status=503, silent={"BTCUSDT"}, close_after=1.0)

    faults.clear()

    assert faults == Faults()


def test_words_of_the_command_line_switch_faults_on() -> None:
    words = ("stall", "close_after=2.5", "accept-then-close=1008", "silent=btcusdt,ETHUSDT", "malformed")

    assert Faults.parse(words) == Faults(
        stall=True, close_after=2.5, accept_then_close=1008, silent={"BTCUSDT", "ETHUSDT"}, malformed="all"
    )


@pytest.mark.parametrize(
    "word",
    [
        "nope",
        "stall=maybe",
        "close_after=soon",
        "burst=x",
        "silent",
        "malformed=nope",
        "http_status=99",
        "close_code=1005",
    ],
)
def test_words_that_mean_nothing_are_refused(word: str) -> None:
    with pytest.raises(ValueError, match=word.partition("=")[0]):
        Faults.parse([word])
