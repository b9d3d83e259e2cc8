"""`/ws/prices` on both servers, over real sockets."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.support.live import SERVERS, LiveServer, live_on


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[LiveServer]:
    with live_on(request.param) as live:
        yield live


@pytest.fixture
async def socket(server: LiveServer) -> AsyncIterator[ClientConnection]:
    async with connect(f"{server.ws_url}/ws/prices?symbols=BTCUSDT") as connection:
        yield connection


async def receive(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of `kind`."""
    while True:
        message: dict[str, Any] = json.loads(await socket.recv())
        if message["type"] == kind:
            return message


async def ask(socket: ClientConnection, kind: str, **message: Any) -> dict[str, Any]:
    await socket.send(json.dumps(message))
    return await receive(socket, kind)


async def close_code(socket: ClientConnection) -> int | None:
    try:
        while True:
            await socket.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


async def test_a_client_is_greeted_and_then_follows(server: LiveServer) -> None:
    async with connect(f"{server.ws_url}/ws/prices") as socket:
        greeting = [json.loads(await socket.recv()) for _ in range(3)]
        update = await receive(socket, "price_update")

    connected, status, snapshot = greeting
    assert [message["type"] for message in greeting] == ["connected", "status", "snapshot"]
    assert (connected["protocol"], connected["heartbeat"]) == (1, 20)
    assert (status["feed"], status["source"]) == ("live", "simulator")
    assert len(snapshot["data"]) == 16
    assert {"symbol", "exchange", "price", "change_24h", "timestamp", "source"} <= set(update["data"][0])


async def test_compressed_and_plain_clients_read_the_same(server: LiveServer) -> None:
    url = f"{server.ws_url}/ws/prices"
    async with connect(url) as squeezed, connect(url, compression=None) as plain:
        ours = [(await receive(socket, "snapshot"))["data"] for socket in (squeezed, plain)]

    assert [row["symbol"] for row in ours[0]] == [row["symbol"] for row in ours[1]]


async def test_a_cursor_resumes(server: LiveServer) -> None:
    async with connect(f"{server.ws_url}/ws/prices?symbols=BTCUSDT") as socket:
        cursor = (await receive(socket, "price_update"))["cursor"]

    async with connect(f"{server.ws_url}/ws/prices?symbols=BTCUSDT&since={cursor}") as socket:
        kinds = [json.loads(await socket.recv())["type"] for _ in range(2)]
        while kinds[-1] in ("status", "heartbeat"):  # on a busy machine prices come late, which is said too
            kinds.append(json.loads(await socket.recv())["type"])

    assert kinds[:2] == ["connected", "status"]
    assert kinds[-1] == "price_update"


async def test_subscribe_answers_with_all_symbols_and_a_snapshot_of_the_new(socket: ClientConnection) -> None:
    answer = await ask(socket, "subscribed", type="subscribe", symbols=["ETHUSDT", "nosuch"], max_rate=2)
    snapshot = await receive(socket, "snapshot")

    assert answer["symbols"] == ["BTCUSDT", "ETHUSDT"]
    assert answer["unknown"] == ["nosuch"]
    assert [row["symbol"] for row in snapshot["data"]] == ["ETHUSDT"]


async def test_unsubscribe_stops_a_symbol(socket: ClientConnection) -> None:
    await ask(socket, "subscribed", type="subscribe", symbols=["ETHUSDT"])

    answer = await ask(socket, "subscribed", type="unsubscribe", symbols=["BTCUSDT"])
    for _ in range(3):
        update = await receive(socket, "price_update")
        assert [row["symbol"] for row in update["data"]] == ["ETHUSDT"]

    assert answer["symbols"] == ["ETHUSDT"]


async def test_a_star_means_every_watched_symbol(socket: ClientConnection) -> None:
    assert len((await ask(socket, "subscribed", type="subscribe", symbols="*"))["symbols"]) == 16
    assert (await ask(socket, "subscribed", type="unsubscribe", symbols="*"))["symbols"] == []


async def test_exact_and_lower_case_names_are_understood(socket: ClientConnection) -> None:
    answer = await ask(socket, "subscribed", type="subscribe", symbols=["binance:ETHUSDT", "solusdt"])

    assert answer == {**answer, "symbols": ["BTCUSDT", "ETHUSDT", "SOLUSDT"], "unknown": []}


async def test_ping_gives_back_its_id(socket: ClientConnection) -> None:
    assert (await ask(socket, "pong", type="ping", id=7))["id"] == 7
    assert (await ask(socket, "pong", type="ping"))["id"] is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "bad_json"),
        ("", "bad_json"),
        ("[" * 2000, "bad_json"),
        ("[]", "unknown_type"),
        ("null", "unknown_type"),
        ('{"type":["subscribe"]}', "unknown_type"),
        ('{"type":"price_update"}', "unknown_type"),
        ('{"type":"subscribe"}', "bad_field"),
        ('{"type":"subscribe","symbols":"BTCUSDT"}', "bad_field"),
        ('{"type":"subscribe","symbols":[1]}', "bad_field"),
        ('{"type":"subscribe","symbols":[],"max_rate":0}', "bad_field"),
        ('{"type":"subscribe","symbols":[],"max_rate":NaN}', "bad_field"),
        ('{"type":"subscribe","symbols":[],"max_rate":"fast"}', "bad_field"),
        ('{"type":"ping","id":{}}', "bad_field"),
    ],
)
async def test_bad_input_is_answered_and_the_connection_stays(socket: ClientConnection, text: str, code: str) -> None:
    await socket.send(text)
    error = await receive(socket, "error")

    assert error["code"] == code
    assert (await ask(socket, "pong", type="ping"))["type"] == "pong"


async def test_a_binary_frame_is_no_message(socket: ClientConnection) -> None:
    await socket.send(b"\x00\xff")

    assert (await receive(socket, "error"))["code"] == "bad_json"


async def test_too_many_symbols_are_refused(server: LiveServer) -> None:
    names = ",".join(f"S{number}" for number in range(1025))
    async with connect(f"{server.ws_url}/ws/prices?symbols={names}") as socket:
        assert (await receive(socket, "error"))["code"] == "too_many_symbols"


async def test_who_goes_on_sending_nonsense_is_closed(socket: ClientConnection) -> None:
    for _ in range(12):
        await socket.send("nonsense")

    assert await close_code(socket) == 1008


async def test_who_floods_is_told_and_then_closed(socket: ClientConnection) -> None:
    try:
        for number in range(2000):
            await socket.send(f'{{"type":"ping","id":{number}}}')
    except ConnectionClosed:
        pass

    assert await close_code(socket) == 1008


async def test_a_message_above_four_kilobytes_closes(socket: ClientConnection) -> None:
    await socket.send('{"type":"ping","id":"' + "x" * 5000 + '"}')

    assert await close_code(socket) == 1009


async def test_an_unknown_path_is_closed_with_a_code(server: LiveServer) -> None:
    async with connect(f"{server.ws_url}/ws/nothing") as socket:
        assert await close_code(socket) == 4404


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://127.0.0.1.evil.example", "http://127.0.0.1:1", "http://" + "a" * 3000],
)
async def test_pages_of_other_origins_are_turned_away(server: LiveServer, origin: str) -> None:
    async with connect(f"{server.ws_url}/ws/prices", additional_headers={"Origin": origin}) as socket:
        assert await close_code(socket) == 4403


async def test_pages_of_our_own_are_welcome(server: LiveServer) -> None:
    async with connect(f"{server.ws_url}/ws/prices", additional_headers={"Origin": server.url}) as socket:
        assert (await receive(socket, "connected"))["protocol"] == 1


async def test_a_client_that_leaves_is_forgotten(server: LiveServer) -> None:
    async with connect(f"{server.ws_url}/ws/prices") as socket:
        await receive(socket, "snapshot")
        assert server.status()["clients"]["ws"] == 1
    server.wait_until(lambda: server.status()["clients"]["ws"] == 0, what="the client to be forgotten")
