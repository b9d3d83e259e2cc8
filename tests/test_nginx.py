"""What docs/deploy/nginx.conf promises for live prices, seen through a real nginx."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from websockets.asyncio.client import connect
from websockets.typing import Origin

from tests.support.live import LiveServer
from tests.support.nginx import Nginx
from tests.support.services import require


class Web:
    """In place of a web process: echoes over WebSocket, streams two events, tells what it was sent."""

    def __init__(self) -> None:
        self.second = asyncio.Event()  # set to let the second event go

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await self._echo(receive, send)
        elif scope["path"] == "/api/sse/prices":
            await self._stream(send)
        else:
            await self._tell_headers(scope, send)

    async def _echo(self, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})

    async def _stream(self, send: Any) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"data: first\n\n", "more_body": True})
        await self.second.wait()
        await send({"type": "http.response.body", "body": b"data: second\n\n"})

    async def _tell_headers(self, scope: Any, send: Any) -> None:
        body = json.dumps({name.decode(): value.decode() for name, value in scope["headers"]})
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body.encode()})


@asynccontextmanager
async def serving(app: Web) -> AsyncIterator[str]:
    """host:port of a server that runs until the block is left."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="warning"))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            app.second.set()
            server.should_exit = True
            await task


@pytest.fixture
async def web() -> Web:
    return Web()


@pytest.fixture
async def nginx(web: Web, tmp_path: Path) -> AsyncIterator[Nginx]:
    program = require("nginx")
    tmp_path.chmod(0o755)
    async with serving(web) as address:
        with Nginx(program, folder=tmp_path, web=address) as server:
            yield server


async def test_a_websocket_is_upgraded(nginx: Nginx) -> None:
    async with connect(f"ws://127.0.0.1:{nginx.port}/ws/prices") as connection:
        await connection.send("hello")

        assert await connection.recv() == "hello"


async def test_our_own_page_gets_prices_through_it(tmp_path: Path) -> None:
    program = require("nginx")
    tmp_path.chmod(0o755)
    with (
        LiveServer("--demo", feed="live", env={"TRUSTED_PROXIES": "127.0.0.1"}) as live,
        Nginx(program, folder=tmp_path, web=f"127.0.0.1:{live.port}") as nginx,
    ):
        async with connect(f"ws://127.0.0.1:{nginx.port}/ws/prices", origin=Origin(nginx.url)) as connection:
            messages = [json.loads(await connection.recv()) for _ in range(3)]

    assert [message["type"] for message in messages] == ["connected", "status", "snapshot"]


async def test_an_event_arrives_before_the_next_one_is_sent(nginx: Nginx, web: Web) -> None:
    async with httpx.AsyncClient() as client, client.stream("GET", f"{nginx.url}/api/sse/prices") as answer:
        lines = answer.aiter_lines()
        first = await anext(lines)
        web.second.set()
        rest = [line async for line in lines if line]

    assert (first, rest) == ("data: first", ["data: second"])


async def test_the_address_of_a_visitor_cannot_be_forged(nginx: Nginx) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{nginx.url}/", headers={"X-Forwarded-For": "203.0.113.7"})

    assert answer.json()["x-forwarded-for"] == "127.0.0.1"
    assert answer.json()["host"] == f"127.0.0.1:{nginx.port}"
