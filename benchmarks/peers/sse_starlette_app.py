"""sse-starlette's EventSourceResponse over an asyncio queue per client."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from benchmarks.peers.asgi import running, serve
from benchmarks.peers.venue import Quote, exchange_port, quotes

listeners: set[asyncio.Queue[Quote]] = set()


async def follow_exchange() -> None:
    async for quote in quotes(exchange_port()):
        for queue in listeners:
            queue.put_nowait(quote)
        await asyncio.sleep(0)


async def events(queue: asyncio.Queue[Quote]) -> AsyncIterator[ServerSentEvent]:
    listeners.add(queue)
    try:
        while True:
            yield ServerSentEvent(data=json.dumps(await queue.get()), event="price")
    finally:
        listeners.discard(queue)


async def prices(_: Request) -> EventSourceResponse:
    return EventSourceResponse(events(asyncio.Queue()))


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    async with running(follow_exchange()):
        yield


app = Starlette(routes=[Route("/sse", prices)], lifespan=lifespan)

if __name__ == "__main__":
    serve(app)
