"""Clients of a running pricefeed, one class per transport: they read, come back when they are cut off, and remember."""

import asyncio
import contextlib
import itertools
import random
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, Self
from urllib.parse import quote, urlsplit

import httpx
import orjson
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.support.screen import Screen

BACK_OFF = (0.25, 3.0)  # seconds: the first pause, the longest one
ANSWER_WITHIN = 20.0  # seconds for a handshake
POLL_WAIT = 20


class Client(ABC):
    """Reads from one of `servers` (URLs) until `stop()`; after an end it goes to the next one.

    `connects` counts connections that were greeted, `refused` those that were not, `ends` tells how each ended.
    """

    def __init__(self, servers: Sequence[str]) -> None:
        self.screen = Screen()
        self.connected = False
        self.connects = 0
        self.refused = 0
        self.ends: list[str] = []
        self.server = ""  # where it reads now
        self._servers = itertools.cycle(servers)
        self._pause = BACK_OFF[0]
        self._task: asyncio.Task[None] | None = None

    def start(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def check(self) -> None:
        """Raise what went wrong in the client itself."""
        if self._task is not None and self._task.done():
            self._task.result()

    async def _run(self) -> None:
        while True:
            try:
                self.server = next(self._servers)
                end = await self._read(self.server)
            except (OSError, InvalidHandshake, httpx.TransportError, asyncio.IncompleteReadError) as exc:
                end = f"cut: {type(exc).__name__}"
            if self.connected:
                self.ends.append(end)
            else:
                self.refused += 1
            self.connected = False
            await asyncio.sleep(self._pause * random.uniform(0.5, 1))
            self._pause = min(2 * self._pause, BACK_OFF[1])

    def _greeted(self) -> None:
        self.connected = True
        self.connects += 1
        self._pause = BACK_OFF[0]

    @abstractmethod
    async def _read(self, server: str) -> str:
        """Read to the end of a connection; how it ended."""


class WebSocketClient(Client):
    """Ends are close codes; 1006 where none came."""

    async def _read(self, server: str) -> str:
        url = f"ws{server.removeprefix('http')}/ws/prices?since={quote(self.screen.cursor)}"
        async with connect(url, compression=None, open_timeout=ANSWER_WITHIN) as socket:
            self.screen.begin()
            try:
                while True:
                    self._take(orjson.loads(await socket.recv()))
            except ConnectionClosed as closed:
                return str(closed.rcvd.code if closed.rcvd else 1006)

    def _take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "connected":
                self._greeted()
            case "status":
                self.screen.say(message["feed"])
            case "snapshot" | "price_update":
                self.screen.update(message["cursor"], message["data"])


class SseClient(Client):
    """Reads chunks by hand, to see whether the stream was ended ("clean") or cut. Waits as `retry:` says."""

    async def _read(self, server: str) -> str:
        parts = urlsplit(server)
        async with asyncio.timeout(ANSWER_WITHIN):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            head = f"GET /api/sse/prices HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            writer.write(f"{head}Last-Event-ID: {self.screen.cursor}\r\n\r\n".encode())
            async with asyncio.timeout(ANSWER_WITHIN):
                answer = await reader.readuntil(b"\r\n\r\n")
            if not answer.startswith(b"HTTP/1.1 200"):
                raise ConnectionRefusedError(answer[:60])
            self.screen.begin()
            async for event in _events(reader):
                self._take(event)
            return "clean"
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _take(self, event: dict[str, str]) -> None:
        if "retry" in event:
            self._pause = int(event["retry"]) / 1000 if self.connected else BACK_OFF[0]
        match event.get("event"):
            case "connected":
                self._greeted()
            case "status":
                self.screen.say(orjson.loads(event["data"])["feed"])
            case "price":
                self.screen.cursor = event["id"]
                self.screen.show([orjson.loads(event["data"])])


async def _events(reader: asyncio.StreamReader) -> AsyncIterator[dict[str, str]]:
    """The events of a chunked body, to its proper end. Raises IncompleteReadError when it was cut."""
    text = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        text += (await reader.readexactly(size + 2))[:-2]
        *blocks, text = text.split(b"\n\n")
        for block in blocks:
            lines = (line.partition(": ") for line in block.decode().splitlines())
            yield {name: value for name, _, value in lines}


class PollClient(Client):
    """Asks again and again for what is newer; it is connected while it is answered."""

    async def _read(self, server: str) -> str:
        async with httpx.AsyncClient(base_url=server, timeout=POLL_WAIT + 10) as client:
            self.screen.begin()
            while True:
                query = {"since": self.screen.cursor, "wait": str(POLL_WAIT)} if self.connected else {}
                response = await client.get("/api/prices", params=query)
                if response.status_code != 200:
                    return str(response.status_code)
                if not self.connected:
                    self._greeted()
                self._take(response.json())

    def _take(self, body: dict[str, Any]) -> None:
        self.screen.say(body["feed"])
        if body["data"]:
            self.screen.update(body["cursor"], body["data"])


KINDS: tuple[type[Client], ...] = (WebSocketClient, SseClient, PollClient)


@contextlib.asynccontextmanager
async def clients_of(
    servers: Sequence[str], *, each: int, kinds: Iterable[type[Client]]
) -> AsyncIterator[list[Client]]:
    """`each` clients of every kind for each server; they know the other servers too."""
    orders = [[*servers[place:], *servers[:place]] for place in range(len(servers))]
    clients = [kind(order).start() for order in orders for kind in kinds for _ in range(each)]
    try:
        yield clients
    finally:
        await asyncio.gather(*(client.stop() for client in clients))
