"""What a connection may do and what the exchange does to it, over real sockets."""

import asyncio
import json
import time
from decimal import Decimal

import pytest
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK

from market.simulator import Simulator, Terms
from tests.simulator.clients import (
    PATIENCE,
    ask,
    bare,
    combined,
    eventually,
    frame_received,
    raw,
    received,
)

PING, PONG, TEXT, CLOSE = 9, 10, 1, 8


async def test_subscribes_while_running_and_acknowledges_before_the_first_price() -> None:
    async with Simulator(rate=50) as exchange, raw(exchange) as client:
        await client.send('{"method":"SUBSCRIBE","params":["btcusdt@ticker"],"id":1}')

        assert await received(client) == {"result": None, "id": 1}
        assert (await received(client))["s"] == "BTCUSDT"


async def test_unsubscribed_stream_falls_silent() -> None:
    async with Simulator(rate=50) as exchange, combined(exchange, "btcusdt@ticker") as client:
        await received(client)
        await ask(client, "UNSUBSCRIBE", "btcusdt@ticker")

        assert exchange.subscriptions() == set()
        assert await ask(client, "LIST_SUBSCRIPTIONS") == {"result": [], "id": 1}


@pytest.mark.parametrize("stream", ["nobodyusdt@ticker", "maticusdt@ticker", "!ticker@arr"])
async def test_stream_without_data_is_acknowledged_and_silent(stream: str) -> None:
    async with Simulator(rate=0) as exchange, raw(exchange) as client:
        assert await ask(client, "SUBSCRIBE", stream) == {"result": None, "id": 1}
        await ask(client, "SUBSCRIBE", "btcusdt@ticker")
        exchange.set_price("BTCUSDT", Decimal(90_000))

        assert (await received(client))["s"] == "BTCUSDT"


async def test_combined_property_changes_the_shape_at_once() -> None:
    async with Simulator(rate=0) as exchange, raw(exchange, "/ws/btcusdt@ticker") as client:
        await ask(client, "SET_PROPERTY", "combined", True)
        exchange.set_price("BTCUSDT", Decimal(90_000))

        assert (await received(client))["stream"] == "btcusdt@ticker"


async def test_five_messages_a_second_are_allowed_and_the_sixth_ends_the_connection() -> None:
    async with Simulator(rate=0) as exchange, raw(exchange) as client:
        for request_id in range(6):
            await client.send(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": request_id}))

        with pytest.raises(ConnectionClosedError) as closed:
            for _ in range(7):
                await asyncio.wait_for(client.recv(), PATIENCE)

    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "Too many requests")
    assert [json.loads(text)["id"] for _, text in exchange.received] == list(range(6))


async def test_pings_of_the_client_count_as_messages() -> None:
    async with Simulator(rate=0) as exchange, raw(exchange) as client:
        for _ in range(6):
            await client.ping()

        await asyncio.wait_for(client.wait_closed(), PATIENCE)
        assert client.close_code == 1008


async def test_one_message_per_250_ms_is_always_fine() -> None:
    async with Simulator(rate=0) as exchange, raw(exchange) as client:
        for request_id in range(8):
            assert (await ask(client, "LIST_SUBSCRIPTIONS", request_id=request_id))["id"] == request_id
            await asyncio.sleep(0.25)

    times = [at for at, _ in exchange.received]
    assert len(times) == 8
    assert times[-1] - times[0] >= 1.5


async def test_pings_with_a_payload_and_closes_when_no_pong_comes() -> None:
    terms = Terms(ping_interval=0.1, pong_timeout=0.5)
    async with Simulator(rate=0, terms=terms) as exchange, bare(exchange) as (reader, _):
        opcode, payload = await frame_received(reader)
        assert (opcode, payload.isdigit()) == (PING, True)
        while opcode == PING:
            opcode, payload = await frame_received(reader)

    assert opcode == CLOSE
    assert payload == (1008).to_bytes(2, "big") + b"Pong timeout"


async def test_pong_without_the_payload_does_not_help() -> None:
    terms = Terms(ping_interval=0.2, pong_timeout=0.6)
    async with Simulator(rate=0, terms=terms) as exchange, bare(exchange) as (reader, writer):
        opcode = PING
        while opcode == PING:
            opcode, payload = await frame_received(reader)
            writer.write(b"\x8a\x80\x00\x00\x00\x00")  # a pong, masked with zeros, empty

    assert payload.endswith(b"Pong timeout")


async def test_client_that_answers_pings_stays() -> None:
    terms = Terms(ping_interval=0.2, pong_timeout=1.2)
    async with Simulator(rate=0, terms=terms) as exchange, raw(exchange) as client:
        await asyncio.sleep(1.8)

        assert await ask(client, "LIST_SUBSCRIPTIONS") == {"result": [], "id": 1}


async def test_closes_with_1001_at_the_end_of_a_connections_life() -> None:
    async with Simulator(rate=50, terms=Terms(lifetime=0.3)) as exchange:
        started = time.monotonic()
        async with combined(exchange, "btcusdt@ticker") as client:
            with pytest.raises(ConnectionClosedOK) as closed:
                while True:
                    await asyncio.wait_for(client.recv(), PATIENCE)

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001
    assert time.monotonic() - started >= 0.3


async def test_server_shutdown_is_told_in_both_shapes_before_the_close() -> None:
    async with (
        Simulator(rate=0) as exchange,
        raw(exchange) as plain,
        combined(exchange, "btcusdt@ticker") as framed,
    ):
        await eventually(lambda: len(exchange.connections) == 2)
        exchange.shutdown(grace=0.2)

        event = await received(plain)
        assert (list(event), event["e"]) == (["e", "E"], "serverShutdown")
        wrapped = await received(framed)
        assert (wrapped["stream"], wrapped["data"]["e"]) == ("!serverShutdown", "serverShutdown")
        await asyncio.wait_for(framed.wait_closed(), PATIENCE)
        assert framed.close_code == 1001


async def test_counts_connections_and_forgets_those_that_left() -> None:
    async with Simulator(rate=50) as exchange:
        async with combined(exchange, "btcusdt@ticker"), combined(exchange, "ethusdt@ticker"):
            await eventually(lambda: len(exchange.connections) == 2)
            assert exchange.subscriptions() == {"btcusdt@ticker", "ethusdt@ticker"}
        await eventually(lambda: not exchange.connections)

        assert exchange.subscriptions() == set()
        assert len(exchange.connects) == 2


async def test_client_that_never_reads_is_cut_off_and_delays_nobody() -> None:
    async with (
        Simulator(symbols=("BTCUSDT",), rate=0) as exchange,
        bare(exchange, "/ws/btcusdt@ticker"),
        raw(exchange, "/ws/btcusdt@trade") as reading,
    ):
        await eventually(lambda: len(exchange.connections) == 2)
        while len(exchange.connections) == 2:
            exchange.burst("BTCUSDT", 500)
            last = exchange.market.listings["BTCUSDT"].walk.last_id
            while (await received(reading))["t"] != last:
                pass

        assert exchange.subscriptions() == {"btcusdt@trade"}


async def test_stops_at_once_with_clients_connected() -> None:
    async with (
        Simulator(rate=50) as exchange,
        bare(exchange, "/ws/btcusdt@ticker"),
        combined(exchange, "ethusdt@ticker") as client,
    ):
        await received(client)
        await asyncio.wait_for(exchange.stop(), PATIENCE)

        await asyncio.wait_for(client.wait_closed(), PATIENCE)
        assert client.close_code == 1001
