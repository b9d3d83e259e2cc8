"""Where a client's bytes go: what the hub needs of a connection, and a slow way for servers that offer none."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

# The key under which pricefeed/server.py offers an Outlet in an ASGI scope's extensions.
EXTENSION = "pricefeed.outlet"

# A reader that takes nothing for this long (seconds) is dropped.
SEND_WITHIN = 15.0

logger = logging.getLogger(__name__)


class Flow(Protocol):
    """Told by an outlet when its connection stops and starts taking bytes."""

    def paused(self) -> None: ...
    def resumed(self) -> None: ...
    def lost(self) -> None: ...


class Outlet(Protocol):
    """A connection that takes ready-made bytes. `write` never waits or fails; `listener` hears of backpressure."""

    listener: Flow | None

    def write(self, frame: bytes, /) -> None: ...

    def backlog(self) -> int:
        """Bytes taken from us that are not yet on their way."""

    def kill(self) -> None:
        """End the connection at once, whatever is still unsent."""


class TaskOutlet:
    """One small task per connection that awaits `send`: for servers that own their sockets (Daphne).

    After each write it counts as paused until the server has taken the bytes, so at most a join's few frames wait here.
    """

    def __init__(self, send: Callable[[bytes], Awaitable[None]], kill: Callable[[], Any]) -> None:
        self.listener: Flow | None = None
        self._send = send
        self._kill = kill
        self._waiting: deque[bytes] = deque()
        self._task: asyncio.Task[None] | None = None

    def write(self, frame: bytes, /) -> None:
        self._waiting.append(frame)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._drain())
            if self.listener is not None:
                self.listener.paused()

    def backlog(self) -> int:
        return sum(map(len, self._waiting))

    def kill(self) -> None:
        self._kill()

    def close(self) -> None:
        """Stop sending; called when the connection is over."""
        self.listener = None
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()

    async def _drain(self) -> None:
        try:
            while self._waiting:
                async with asyncio.timeout(SEND_WITHIN):
                    await self._send(self._waiting[0])
                self._waiting.popleft()
        except Exception as exc:
            # Each server raises something of its own for a client that left or never reads; either way it is over.
            logger.info("a connection ended while sending: %s: %s", type(exc).__name__, exc)
            if self.listener is not None:
                self.listener.lost()
            self._kill()
            return
        self._task = None
        if self.listener is not None:
            self.listener.resumed()
