"""Faults of what is sent: malformed, repeated, out of order, from another time, or not at all."""

import asyncio
import json
from decimal import Decimal
from itertools import pairwise

import pytest
from websockets.exceptions import ConnectionClosed

from market.simulator import Faults, Simulator
from market.simulator.malformed import FATAL, HARMLESS
from tests.simulator.clients import PATIENCE, combined, eventually, received, received_until, rest


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
