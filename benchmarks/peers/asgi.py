"""Uvicorn with the settings that make it fastest, and a background task beside the application."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

Application = Callable[..., Awaitable[None]]


def serve(application: Any, *, lifespan: str = "on") -> None:
    """Serves until the process is ended; prints the port as `{"port": N}`."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    config = uvicorn.Config(
        application,
        loop="uvloop",
        http="httptools",
        ws_per_message_deflate=False,
        access_log=False,
        log_level="error",
        backlog=4096,
        lifespan=lifespan,  # type: ignore[arg-type]
    )
    uvicorn.Server(config).run(sockets=[listener])


@asynccontextmanager
async def running(work: Awaitable[None]) -> AsyncIterator[None]:
    """Runs work as a task for as long as the block lasts."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def with_background(application: Application, work: Callable[[], Awaitable[None]]) -> Application:
    """The application, with work as a task from startup to shutdown; for frameworks without a lifespan."""

    async def wrapped(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await application(scope, receive, send)
            return
        await receive()
        async with running(work()):
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    return wrapped
