"""Clients of the simulated exchange for tests: a usual one, and one that answers nothing by itself."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import httpx
from websockets.asyncio.client import ClientConnection, connect

from market.simulator import Simulator

PATIENCE = 10.0  # seconds; far more than anything here takes, even on a busy machine


@asynccontextmanager
async def combined(exchange: Simulator, *streams: str) -> AsyncIterator[ClientConnection]:
    """A client of `/stream?streams=...`."""
    names = "/".join(quote(stream, safe="@!") for stream in streams)
    async with raw(exchange, f"/stream?streams={names}") as client:
        yield client


@asynccontextmanager
async def raw(exchange: Simulator, path: str = "/ws") -> AsyncIterator[ClientConnection]:
    """A client of `/ws`, `/ws/<stream>` or any other path."""
    url = exchange.stream_url + path
    async with connect(url, proxy=None, max_queue=None, close_timeout=0.2) as client:
        yield client


@asynccontextmanager
async def rest(exchange: Simulator) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=exchange.rest_url, trust_env=False, verify=False) as client:
        yield client


async def received(client: ClientConnection) -> Any:
    """The next message, decoded."""
    return json.loads(await asyncio.wait_for(client.recv(), PATIENCE))


async def received_until(client: ClientConnection, wanted: Callable[[Any], bool]) -> Any:
    """The first message that is `wanted`, passing over the others."""
    async with asyncio.timeout(PATIENCE):
        while not wanted(message := json.loads(await client.recv())):
            pass
    return message


async def ask(client: ClientConnection, method: str, *params: Any, request_id: Any = 1) -> Any:
    """Send one request and give its reply, passing over prices."""
    await client.send(json.dumps({"method": method, "params": list(params), "id": request_id}))
    return await received_until(client, is_reply)


def is_reply(message: Any) -> bool:
    return isinstance(message, dict) and ("result" in message or "error" in message or "code" in message)


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds; fails after `PATIENCE`."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def bare(
    exchange: Simulator, path: str = "/ws"
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A WebSocket after its handshake as plain TCP: no pong, no close reply, nothing read unless asked."""
    reader, writer = await asyncio.open_connection("127.0.0.1", exchange.port)
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: exchange\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def frame_received(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Opcode and payload of the next frame from the server."""
    async with asyncio.timeout(PATIENCE):
        first, size = await reader.readexactly(2)
        if size == 126:
            size = int.from_bytes(await reader.readexactly(2), "big")
        elif size == 127:
            size = int.from_bytes(await reader.readexactly(8), "big")
        return first & 0x0F, await reader.readexactly(size)
