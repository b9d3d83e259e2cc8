"""Visitors who come, read a little and leave, many a second."""

import asyncio
import contextlib
import itertools
import random
from collections.abc import AsyncIterator, Callable, Sequence

from tests.support.clients import Client, SseClient, WebSocketClient


class Churn:
    """`per_second` visitors, in turn over WebSocket and SSE, each for about `stay` seconds.

    `visits` counts those that are over, `greeted` those of them that were served, `wrong` is what they were shown.
    """

    def __init__(self, servers: Sequence[str], *, per_second: float, stay: float = 0.5) -> None:
        self.visits = 0
        self.greeted = 0
        self.wrong: list[str] = []
        self._servers = servers
        self._pause = 1 / per_second
        self._stay = stay

    async def run(self) -> None:
        """For ever; who is there when it is cancelled leaves too."""
        async with asyncio.TaskGroup() as visitors:
            for kind in itertools.cycle((WebSocketClient, SseClient)):
                visitors.create_task(self._visit(kind))
                await asyncio.sleep(self._pause)

    async def _visit(self, kind: Callable[[Sequence[str]], Client]) -> None:
        client = kind(random.sample(self._servers, len(self._servers))).start()
        try:
            await asyncio.sleep(self._stay * random.uniform(0.5, 1.5))
            client.check()
            self.visits += 1
            self.greeted += client.connects > 0
            self.wrong += client.screen.wrong
        finally:
            await client.stop()


@contextlib.asynccontextmanager
async def churning(servers: Sequence[str], *, per_second: float, stay: float = 0.5) -> AsyncIterator[Churn]:
    churn = Churn(servers, per_second=per_second, stay=stay)
    task = asyncio.create_task(churn.run())
    try:
        yield churn
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
