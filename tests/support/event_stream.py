"""A client of `/events/` inside the process: opens a stream on the ASGI application and reads its events."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from market.long_responses import LongResponses

READ_WITHIN = 10.0  # seconds


class EventStream:
    """One request. `status`, `headers` and `start` come with `open()`; `events()` are (kind, id, data)."""

    def __init__(self, application: LongResponses, path: str, query: str, headers: Mapping[str, str]) -> None:
        self._application = application
        self._sent: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        self._gone = asyncio.Event()
        self._body_read = False
        self._text = ""
        self.status = 0
        self.headers: dict[str, str] = {}
        self.complete = False
        pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        self.scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode("latin-1"),
            "root_path": "",
            "headers": [(b"host", b"localhost"), *pairs],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        self.task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self.task = asyncio.create_task(self._application(self.scope, self._receive, self._take))
        await self._next()

    async def close(self) -> None:
        """The client hangs up."""
        self._gone.set()
        assert self.task is not None
        async with asyncio.timeout(READ_WITHIN):
            await self.task

    async def read_until(self, text: str) -> str:
        """All that came since the last call, up to and with `text`."""
        while text not in self._text:
            await self._next()
        end = self._text.index(text) + len(text)
        read, self._text = self._text[:end], self._text[end:]
        return read

    async def next_event(self, kind: str = "") -> dict[str, str]:
        """The fields of the next event, of `kind` where given."""
        while True:
            block = await self.read_until("\n\n")
            lines = (line.partition(": ") for line in block.strip().splitlines())
            fields = {name: value for name, _, value in lines if name}
            if fields.get("event") and kind in ("", fields["event"]):
                return fields

    async def rest(self) -> str:
        """What comes until the server ends the stream."""
        while not self.complete:
            await self._next()
        return self._text

    async def _next(self) -> None:
        async with asyncio.timeout(READ_WITHIN):
            message = await self._sent.get()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode().lower(): value.decode("latin-1") for name, value in message["headers"]}
        else:
            self._text += message.get("body", b"").decode()
            self.complete = not message.get("more_body", False)

    async def _receive(self) -> Mapping[str, Any]:
        if not self._body_read:
            self._body_read = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _take(self, message: Mapping[str, Any]) -> None:
        await self._sent.put(message)


@asynccontextmanager
async def event_stream(
    application: LongResponses, path: str = "/events/", query: str = "", **headers: str
) -> AsyncIterator[EventStream]:
    """An open stream, past its first lines where there is one. Underscores in names of `headers` are hyphens."""
    stream = EventStream(application, path, query, {name.replace("_", "-"): value for name, value in headers.items()})
    await stream.open()
    try:
        if stream.status == 200:
            await stream.read_until("event: stream-open\ndata:\n\n")
        yield stream
    finally:
        await stream.close()
