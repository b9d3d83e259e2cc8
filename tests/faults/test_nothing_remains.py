"""Fault 25, inside: clients of every transport come and go, however they leave, and nothing of them remains."""

import asyncio
import contextlib
import gc
import socket
import struct
from collections.abc import AsyncIterator
from typing import cast

import httpx
import pytest
import uvloop
from asgiref.sync import sync_to_async
from websockets.asyncio.client import connect

from market.cohort import Cohort, Member
from market.core.messages import LIVE, FeedStatus
from market.defaults import create_default_symbols
from market.relay import Relay
from pricefeed.asgi import application
from pricefeed.server import Server, listening_socket
from tests.support.exchange import until

ROUNDS = 5
EACH = 10
UPGRADE = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with RST


@pytest.fixture
def event_loop_policy() -> asyncio.AbstractEventLoopPolicy:
    """The loop of `serve`: it is stricter than asyncio's own."""
    return cast(asyncio.AbstractEventLoopPolicy, uvloop.EventLoopPolicy())


@pytest.fixture
async def relay(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Relay]:
    await sync_to_async(create_default_symbols)()
    relay = Relay()
    monkeypatch.setattr("market.relay._relays", [relay])
    await relay.ready()
    relay.hub.hear(FeedStatus("k1", 0, LIVE, "simulator"))
    yield relay
    await relay.stop()


@pytest.fixture
async def server(relay: Relay) -> AsyncIterator[tuple[Server, str]]:
    """A server in this loop, and where it listens."""
    listener = listening_socket("127.0.0.1", 0)
    address = "{}:{}".format(*listener.getsockname())
    server = Server(application)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await until(lambda: server.started)
    yield server, address
    server.should_exit = True
    await serving


async def visit(address: str) -> None:
    """A round of everybody: some say good-bye, some hang up, some are cut off with a reset."""
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=f"http://{address}", timeout=20))
        for _ in range(EACH):
            await (await stack.enter_async_context(connect(f"ws://{address}/ws/prices"))).recv()
            await stack.enter_async_context(client.stream("GET", "/api/sse/prices"))
        poll = asyncio.create_task(client.get("/api/prices?since=k1:0&wait=20"))
        cut = [await cut_off_later(address, path) for path in ("/api/sse/prices", "/events/") * EACH]
        for writer in cut:
            writer.close()
        poll.cancel()


async def cut_off_later(address: str, path: str) -> asyncio.StreamWriter:
    """An open stream whose connection will be reset when it is closed."""
    host, _, port = address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n".encode())
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    return writer


async def visit_in_vain(address: str) -> None:
    """Come by every lane, and be cut off before anything but the handshake is answered."""
    host, _, port = address.partition(":")
    for ask in (b"GET /api/sse/prices HTTP/1.1\r\n", b"GET /ws/prices HTTP/1.1\r\n" + UPGRADE):
        _, writer = await asyncio.open_connection(host, int(port))
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.write(ask + f"Host: {address}\r\n\r\n".encode())
        await asyncio.sleep(0.05)
        writer.close()


def held() -> dict[str, int]:
    """What there is of each kind that belongs to a client."""
    gc.collect()
    kinds = [type(thing) for thing in gc.get_objects()]
    counts = {kind.__name__: kinds.count(kind) for kind in (Member, Cohort)}
    return {**counts, "tasks": len(asyncio.all_tasks())}


async def test_nothing_of_a_client_remains(relay: Relay, server: tuple[Server, str]) -> None:
    running, address = server
    await visit(address)
    await until(lambda: not running.server_state.connections and not running.server_state.tasks)
    before = held()

    for _ in range(ROUNDS):
        await visit(address)
    await until(lambda: not running.server_state.connections and not running.server_state.tasks)

    assert sum(relay.hub.clients().values()) == 0
    await until(lambda: all(count <= before[name] + 1 for name, count in held().items()))


async def test_who_leaves_before_the_process_is_ready_is_forgotten_in_silence(
    relay: Relay, server: tuple[Server, str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    running, address = server
    listed, asked = asyncio.Event(), 0

    async def ready() -> None:
        nonlocal asked
        asked += 1
        await listed.wait()

    monkeypatch.setattr(relay, "ready", ready)
    for _ in range(EACH):
        await visit_in_vain(address)
    await until(lambda: not running.server_state.connections)
    listed.set()
    await until(lambda: not running.server_state.tasks)

    assert asked == 2 * EACH
    assert sum(relay.hub.clients().values()) == 0
    assert caplog.records == []
