"""Faults 18, 20 and 21: floods, junk and hostile headers get a clear answer, and nobody else notices."""

import asyncio
import contextlib
import json
import random
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.support.live import SERVERS, LiveServer, live_on
from tests.support.stuck import resident_kb, thread_count

JUNK = (
    "",
    "\x01",
    "k" * 4000,
    "prices:abc",
    "0:0:0",
    "../../etc/passwd",
    "{}",
    "999999999999999999999999",
    "-1",
    "%00",
    "é",
)
HOSTILE = (
    "Last-Event-ID",
    "es-meta",
    "Daphne-Root-Path",
    "X-Forwarded-For",
    "If-None-Match",
    "Cookie",
    "Origin",
    "Range",
)
PATHS = (
    "/",
    "/nothing",
    "/api/prices",
    "/api/prices?since={junk}",
    "/api/prices?symbols={junk}",
    "/api/prices?wait={junk}",
    "/api/prices?max_rate={junk}",
    "/api/sse/status",
    "/api/sse/nothing",
    "/api/sse/prices?symbols={junk}x",
    "/events/?channels={junk}",
    "/events/{junk}/",
    "/admin/login/?next={junk}",
    "/static/{junk}",
)


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[LiveServer]:
    with live_on(request.param) as live:
        yield live


async def status_of(client: httpx.AsyncClient, path: str, headers: dict[str, str]) -> int:
    """The status alone: a stream that begins is a fine answer too."""
    async with client.stream(random.choice(("GET", "GET", "GET", "POST", "PUT")), path, headers=headers) as response:
        return response.status_code


async def test_a_thousand_hostile_requests_get_no_server_error(server: LiveServer) -> None:
    dice = random.Random(20)
    statuses = []
    async with httpx.AsyncClient(base_url=server.url, timeout=20) as client:
        for _ in range(500):
            path = dice.choice(PATHS).replace("{junk}", httpx.QueryParams({"x": dice.choice(JUNK)}).__str__()[2:])
            headers = {
                name: dice.choice(JUNK).strip("\x01").encode("ascii", "replace").decode()
                for name in dice.sample(HOSTILE, 3)
            }
            statuses.append(await status_of(client, path, headers))

    assert [status for status in statuses if status >= 500] == []
    assert "Traceback" not in server.stderr


async def test_after_all_that_a_hundred_clients_come_and_go(server: LiveServer) -> None:
    for _ in range(100):
        async with connect(f"{server.ws_url}/ws/prices") as socket:
            await socket.recv()
    server.wait_until(lambda: server.status()["connected_clients"] == 0, what="all to be forgotten")


async def test_a_flood_of_subscriptions_is_closed_and_others_go_on(server: LiveServer) -> None:
    before = resident_kb(server.pid)
    async with (
        connect(f"{server.ws_url}/ws/prices?symbols=BTCUSDT") as other,
        connect(f"{server.ws_url}/ws/prices") as flood,
    ):
        await other.recv()
        code: int | None = None
        try:
            for number in range(10_000):
                kind = ("subscribe", "unsubscribe")[number % 2]
                await flood.send(json.dumps({"type": kind, "symbols": [f"S{number}", "ETHUSDT"]}))
                await asyncio.sleep(0)  # lets it read: what it has not read when the server cuts it off is lost
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else None
        if code is None:
            code = await _close_code(flood)
        update: dict[str, Any] = {}
        while update.get("type") != "price_update":
            update = json.loads(await asyncio.wait_for(other.recv(), 5))

    # Daphne cuts off who does not answer the close within a second, and a reset can overtake the close frame.
    assert code == 1008 or (code is None and server.arguments[0] == "runserver")
    assert resident_kb(server.pid) - before < 5 * 1024
    server.wait_until(lambda: server.status()["connected_clients"] == 0, what="all to be forgotten")


async def _close_code(socket: Any) -> int | None:
    try:
        while True:
            await socket.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


@pytest.mark.parametrize("size", [5_000, 1_048_576])
async def test_a_huge_message_closes_its_sender_only(server: LiveServer, size: int) -> None:
    async with connect(f"{server.ws_url}/ws/prices") as other, connect(f"{server.ws_url}/ws/prices") as big:
        await other.recv()
        with contextlib.suppress(ConnectionClosed):
            await big.send("x" * size)
        assert await _close_code(big) in (1009, None)
        assert await asyncio.wait_for(other.recv(), 5)


async def test_ten_thousand_names_in_a_subscription_are_one_error(server: LiveServer) -> None:
    names = ",".join(f"S{number}" for number in range(1500))
    async with connect(f"{server.ws_url}/ws/prices?symbols={names}") as socket:
        for _ in range(4):
            if (message := json.loads(await socket.recv()))["type"] == "error":
                assert message["code"] == "too_many_symbols"
                return
    raise AssertionError("no error came")


async def test_forty_streams_cost_few_threads(server: LiveServer) -> None:
    before = thread_count(server.pid)
    async with httpx.AsyncClient(base_url=server.url, timeout=20) as client:
        streams = [client.stream("GET", path) for path in ("/api/sse/prices", "/events/") for _ in range(20)]
        responses = [await stream.__aenter__() for stream in streams]
        threads = thread_count(server.pid)
        for stream in streams:
            await stream.__aexit__(None, None, None)

    assert {response.status_code for response in responses} == {200}
    assert threads - before <= 24
