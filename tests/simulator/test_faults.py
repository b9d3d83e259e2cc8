"""Every fault of the menu, switched on while clients are connected."""

import asyncio
import json
import time
from decimal import Decimal
from itertools import pairwise

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from market.simulator import Faults, Simulator, Terms
from market.simulator.malformed import FATAL, HARMLESS
from tests.simulator.clients import (
    PATIENCE,
    ask,
    bare,
    combined,
    eventually,
    frame_received,
    raw,
    received,
    received_until,
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


@pytest.mark.parametrize("kind", [*HARMLESS, "all"])
async def test_malformed_frames_come_between_good_ones(kind: str) -> None:
    async with (
        Simulator(symbols=("BTCUSDT",), rate=100, faults=Faults(malformed=kind)) as exchange,
        combined(exchange, "btcusdt@ticker") as client,
    ):
        good = bad = 0
        while not (good and bad):
            if is_a_price(await asyncio.wait_for(client.recv(), PATIENCE)):
                good += 1
            else:
                bad += 1


def is_a_price(message: str | bytes) -> bool:
    try:
        data = json.loads(message)["data"]
        return Decimal(data["c"]) > 0 and data["n"] == data["L"] - data["F"] + 1
    except (ValueError, TypeError, KeyError, RecursionError, UnicodeDecodeError, ArithmeticError):
        return False


@pytest.mark.parametrize(("kind", "code"), [("huge", 1009), ("not_utf8", 1007)])
async def test_fatal_frames_end_the_connection_by_rights(kind: str, code: int) -> None:
    async with Simulator(rate=0) as exchange, combined(exchange, "btcusdt@ticker") as client:
        await eventually(lambda: bool(exchange.connections))
        exchange.malform(kind)
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(client.recv(), PATIENCE)

    assert kind in FATAL
    assert closed.value.sent is not None
    assert closed.value.sent.code == code


async def test_burst_sends_many_updates_of_one_symbol_at_once() -> None:
    async with Simulator(rate=0) as exchange, combined(exchange, "btcusdt@trade") as client:
        await eventually(lambda: bool(exchange.connections))
        exchange.burst("BTCUSDT", 1000)
        trades = [(await received(client))["data"]["t"] for _ in range(1000)]

    assert trades == list(range(trades[0], trades[0] + 1000))


async def test_burst_as_a_standing_fault_multiplies_the_first_symbol() -> None:
    async with (
        Simulator(symbols=("BTCUSDT", "ETHUSDT"), rate=20, trades=1, faults=Faults(burst=50)) as exchange,
        combined(exchange, "btcusdt@ticker", "ethusdt@ticker") as client,
    ):
        streams = [(await received(client))["stream"] for _ in range(300)]

    assert streams.count("btcusdt@ticker") > 10 * streams.count("ethusdt@ticker")


async def test_out_of_order_repeats_the_message_before() -> None:
    async with (
        Simulator(rate=20, faults=Faults(out_of_order=True)) as exchange,
        combined(exchange, "btcusdt@trade") as client,
    ):
        trades = [(await received(client))["data"]["t"] for _ in range(50)]

    assert any(after < before for before, after in pairwise(trades))
    assert max(trades) == trades[-1] or max(trades) == trades[-2]


async def test_duplicate_sends_everything_twice() -> None:
    async with (
        Simulator(rate=20, faults=Faults(duplicate=True)) as exchange,
        combined(exchange, "btcusdt@trade") as client,
    ):
        trades = [(await received(client))["data"]["t"] for _ in range(20)]

    assert trades[::2] == trades[1::2]


@pytest.mark.parametrize("skew", [-3_600_000, 5_000])
async def test_clock_skew_shifts_every_time(skew: int) -> None:
    async with (
        Simulator(rate=0, clock=lambda: 1_700_000_000_000, faults=Faults(clock_skew=skew)) as exchange,
        combined(exchange, "btcusdt@ticker") as client,
        rest(exchange) as caller,
    ):
        exchange.set_price("BTCUSDT", Decimal(90_000))
        data = (await received(client))["data"]
        clock = (await caller.get("/api/v3/time")).json()["serverTime"]

    assert data["E"] == data["C"] == clock == 1_700_000_000_000 + skew


async def test_shutdown_tells_each_connection_and_closes_it_after_the_grace() -> None:
    faults = Faults(shutdown=0.2, shutdown_grace=0.3)
    async with Simulator(rate=0, faults=faults) as exchange, raw(exchange) as client:
        event = await received(client)
        told = time.monotonic()
        await asyncio.wait_for(client.wait_closed(), PATIENCE)

    assert event["e"] == "serverShutdown"
    assert time.monotonic() - told >= 0.25
    assert client.close_code == 1001


async def test_silent_symbol_says_nothing_while_others_go_on() -> None:
    async with (
        Simulator(symbols=("BTCUSDT", "ETHUSDT"), rate=100) as exchange,
        combined(exchange, "btcusdt@ticker", "ethusdt@ticker") as client,
    ):
        await received_until(client, lambda message: message["stream"] == "btcusdt@ticker")
        exchange.faults.silent.add("BTCUSDT")
        await received(client)
        await asyncio.sleep(0.1)
        streams = [(await received(client))["stream"] for _ in range(100)]

    assert streams[-50:] == ["ethusdt@ticker"] * 50


async def test_halted_symbol_is_on_a_break_and_silent() -> None:
    async with (
        Simulator(symbols=("BTCUSDT", "ETHUSDT"), rate=100, faults=Faults(halted={"BTCUSDT"})) as exchange,
        combined(exchange, "btcusdt@ticker", "ethusdt@ticker") as client,
        rest(exchange) as caller,
    ):
        streams = {(await received(client))["stream"] for _ in range(20)}
        info = (await caller.get("/api/v3/exchangeInfo", params={"symbol": "BTCUSDT"})).json()
        exchange.faults.halted.clear()
        await received_until(client, lambda message: message["stream"] == "btcusdt@ticker")

    assert streams == {"ethusdt@ticker"}
    assert info["symbols"][0]["status"] == "BREAK"


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
