"""uvicorn with what it lacks for tens of thousands of readers: ready-made frames, backpressure, socket options.

Both protocols offer themselves to the application as an Outlet (market/outlet.py) in the scope, so that the
hub writes the same bytes to many transports and hears when one of them is full. A server without them still works: the
application then awaits `send`.
"""

import asyncio
import contextlib
import random
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.http11 import Request

from market.core.framing import http_chunk
from market.outlet import EXTENSION, Flow

# How much a connection may hold unsent before it counts as full (bytes), here and in the kernel.
WRITE_BUFFER = 65536
KERNEL_BUFFER = 131072
# A peer that acknowledges nothing for this long is gone (ms), however silently.
DEAD_AFTER_MS = 15_000
MESSAGE_SIZE = 4096
GRACE = 3  # seconds for open requests at the end
SSE_RETRY_MS = (1000, 10_000)  # spread, so that not everybody comes back at once


DEFLATE = ServerPerMessageDeflateFactory(
    server_no_context_takeover=True,
    client_no_context_takeover=True,
    server_max_window_bits=12,
    client_max_window_bits=12,
    compress_settings={"memLevel": 5},
)


def _unheard(frame: bytes) -> None:
    """What is written to a connection that is over; its application is told by `receive`."""


class OutletProtocol(asyncio.Protocol):
    """The Outlet half of both protocols; stands before uvicorn's half among the bases."""

    transport: asyncio.Transport
    listener: Flow | None = None

    @property
    def write(self) -> Callable[[bytes], None]:
        # uvloop raises where asyncio ignores: the client may have left while its greeting waited for something.
        return _unheard if self.transport.is_closing() else self.transport.write

    def backlog(self) -> int:
        return self.transport.get_write_buffer_size()

    def kill(self) -> None:
        self.transport.abort()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.listener is not None:
            self.listener.paused()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.listener is not None:
            self.listener.resumed()

    def connection_lost(self, exc: Exception | None) -> None:
        self._tell_lost()
        super().connection_lost(exc)

    def _tell_lost(self) -> None:
        if self.listener is not None:
            self.listener.lost()


class WebSocketOutlet(OutletProtocol, WebSocketsSansIOProtocol):
    """Compression never keeps a context, so one compressed frame serves many and idle costs little."""

    def __init__(
        self, config: uvicorn.Config, server_state: ServerState, app_state: dict[str, Any], **kwargs: Any
    ) -> None:
        super().__init__(config, server_state, app_state, **kwargs)
        self.conn.available_extensions = [DEFLATE]

    @property
    def deflates(self) -> bool:
        return bool(self.conn.extensions)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            # The application's task was made but has not begun.
            cast(dict[str, Any], self.scope["extensions"])[EXTENSION] = self

    def shutdown(self) -> None:
        # After the close frame nothing may follow.
        self._tell_lost()
        super().shutdown()

    def keepalive_timeout(self) -> None:
        # Closing waits for a buffer that will never drain: this peer is gone.
        self._tell_lost()
        super().keepalive_timeout()
        self.transport.abort()


class HttpOutlet(OutletProtocol, HttpToolsProtocol):
    """Chunks are the application's own (`http_chunk`), once it has sent the start of a streaming response."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast(dict[str, Any], self.scope)["extensions"] = {EXTENSION: self}

    def shutdown(self) -> None:
        if self.listener is not None:
            # An open stream: say when to come back and end it properly.
            self._tell_lost()
            retry = random.randint(*SSE_RETRY_MS)
            self.transport.write(http_chunk(b"retry: %d\n\n" % retry) + b"0\r\n\r\n")
            self.transport.close()
        else:
            super().shutdown()


class Server(uvicorn.Server):
    """Ends with exit code 0 on SIGINT and SIGTERM: uvicorn would raise the signal again."""

    def __init__(self, app: Any, *, farewell: Callable[[], None] = lambda: None) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=HttpOutlet,
                ws=WebSocketOutlet,
                ws_max_size=MESSAGE_SIZE,
                ws_per_message_deflate=False,  # ours instead, see above
                ws_ping_interval=20,
                ws_ping_timeout=15,
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=GRACE,
            )
        )
        self._farewell = farewell

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._farewell()
        await super().shutdown(sockets)


def listening_socket(host: str, port: int, fd: int | None = None) -> socket.socket:
    """A socket whose accepted connections notice dead and stalled peers by themselves.

    Raises OSError when the address is busy or not ours. `fd` is an open listening socket given by a supervisor.
    """
    if fd is not None:
        sock = socket.socket(fileno=fd)
    else:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER)
    for name, value in (
        ("TCP_NODELAY", 1),
        ("TCP_KEEPIDLE", 20),
        ("TCP_KEEPINTVL", 5),
        ("TCP_KEEPCNT", 3),
        ("TCP_USER_TIMEOUT", DEAD_AFTER_MS),
    ):
        if hasattr(socket, name):  # Linux has them all
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    sock.listen(4096)
    sock.setblocking(False)
    return sock
