"""Fault 25, inside: clients of every transport come and go, however they leave, and nothing of them remains."""

import asyncio
import contextlib
import gc
import socket
import struct
from collections.abc import AsyncIterator

import httpx
import pytest
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
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with RST


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
