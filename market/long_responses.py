"""Responses of Django that last for hours, on a few shared threads instead of one thread each.

Django's handler gives every request a thread of its own until the response ends (facts: asgiref's
`ThreadSensitiveContext`). Here many responses share a handful, apart from the threads of the pages.
"""

import asyncio
import itertools
import logging
import random
import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

from asgiref.sync import ThreadSensitiveContext
from django.core.handlers.asgi import ASGIHandler
from django.db import Error as DatabaseError

Message = Mapping[str, Any]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

logger = logging.getLogger(__name__)

RETRY_MS = (1_000, 10_000)  # when a client should come back: spread, so that they do not all come at once
LOG_SECONDS = 1.0  # with the database gone every stream fails, and one line a second says it


class LongResponses:
    """ASGI application: Django for event streams. Whatever happens after the first byte, the stream ends
    cleanly.

    `close()` ends all streams with a `retry:` hint, for a server that goes down.
    """

    def __init__(self, *, threads: int, clock: Callable[[], float] = time.monotonic) -> None:
        # One thread per executor, as a context needs; a slow query delays only the streams on its thread.
        self._executors = itertools.cycle([ThreadPoolExecutor(1) for _ in range(threads)])
        self._open: set[_Response] = set()
        self._clock = clock
        self._silent_until = 0.0

    @cached_property
    def _django(self) -> ASGIHandler:
        return ASGIHandler()

    def __len__(self) -> int:
        return len(self._open)

    def close(self) -> None:
        for response in self._open:
            response.ended.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = _Response(receive, send)
        self._open.add(response)
        try:
            async with ThreadSensitiveContext(executor=next(self._executors)):
                await self._django(scope, response.receive, response.send)
        except Exception as error:
            # Out of a started response nothing may escape: Daphne never cleans up again after that.
            if not response.started:
                raise
            self._log(error)
        finally:
            self._open.discard(response)
        await response.finish()

    async def guarded(self, content: AsyncIterable[bytes], *, seconds: float | None = None) -> AsyncIterator[bytes]:
        """A stream that ends with the `retry:` hint where `content` fails, so that Django can clean up after it.

        After `seconds` it ends with the next part, and its client comes back.
        """
        until = float("inf") if seconds is None else self._clock() + seconds
        try:
            async for part in content:
                yield part
                if self._clock() > until:
                    yield b"retry: %d\n\n" % RETRY_MS[0]
                    return
        except Exception as error:
            self._log(error)
            yield _hint()

    def _log(self, error: Exception) -> None:
        now = self._clock()
        if now < self._silent_until:
            return
        self._silent_until = now + LOG_SECONDS
        trace = None if isinstance(error, DatabaseError) else error
        logger.error("event stream ended: %s: %s", type(error).__name__, error, exc_info=trace)


class _Response:
    """One request's `receive` and `send`, which know how far the response got."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self.ended = asyncio.Event()
        self.started = False
        self._complete = False
        self._gone = False

    async def receive(self) -> Message:
        """The client's next message; once `ended` is set, Django is told that the client left: it stops."""
        message, ended = asyncio.ensure_future(self._receive()), asyncio.ensure_future(self.ended.wait())
        try:
            await asyncio.wait((message, ended), return_when=asyncio.FIRST_COMPLETED)
            if not message.done():
                return {"type": "http.disconnect"}
            self._gone = message.result()["type"] == "http.disconnect"
            return message.result()
        finally:
            message.cancel()
            ended.cancel()

    async def send(self, message: Message) -> None:
        self.started = True
        self._complete = message["type"] == "http.response.body" and not message.get("more_body", False)
        await self._send(message)

    async def finish(self) -> None:
        """The last chunk of a stream that did not get to its end by itself, if the client still listens."""
        if self.started and not self._complete and not self._gone:
            await self._send({"type": "http.response.body", "body": _hint()})


def _hint() -> bytes:
    return f"retry: {random.randint(*RETRY_MS)}\n\n".encode()
