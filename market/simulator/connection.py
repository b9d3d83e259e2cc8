"""One client of the simulated exchange: the limits Binance puts on it and the frames waiting for it."""

import asyncio
import time
from collections import deque
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import Event, State

from market.simulator.session import Session

MESSAGES_PER_SECOND = 5
WRITE_LIMIT = 8 * 2**20  # bytes waiting for one client before it is cut off


def frame(payload: bytes, *, opcode: int = Opcode.TEXT) -> bytes:
    """One unmasked, unfragmented WebSocket frame: what a server sends, ready for any number of clients."""
    size = len(payload)
    first = 0x80 | opcode
    if size < 126:
        return bytes((first, size)) + payload
    if size < 65_536:
        return bytes((first, 126)) + size.to_bytes(2, "big") + payload
    return bytes((first, 127)) + size.to_bytes(8, "big") + payload


class Connection(ServerConnection):
    """A WebSocket connection that counts what comes in and writes prepared frames.

    Prices bypass `send()`: one frame serves all subscribers of a stream, and one write carries all frames of
    a moment, so that nobody waits for a client that does not read.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.session = Session(combined=False)
        self.opened = time.monotonic()
        self.frozen = False
        self.ending = False
        self.ends_at: float | None = None
        self.pinged = self.opened
        self.unanswered = 0.0
        self.overflowed = False
        self.flooding = False
        self.outbox: list[bytes] = []
        self._incoming: deque[float] = deque(maxlen=MESSAGES_PER_SECOND + 1)
        self._ping = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.opened = self.pinged = time.monotonic()

    def process_event(self, event: Event) -> None:
        super().process_event(event)
        if not isinstance(event, Frame):
            return
        if event.opcode is Opcode.PONG and self._ping and bytes(event.data) == self._ping:
            self.unanswered = 0.0
        self._count(event)

    def writable(self) -> bool:
        """Open, and neither frozen nor already on its way out."""
        return self.protocol.state is State.OPEN and not self.frozen

    def flush(self) -> None:
        """Write what waits in the outbox; a client that has not read for megabytes is cut off."""
        waiting, self.outbox = self.outbox, []
        if not self.writable():
            return
        self.transport.write(waiting[0] if len(waiting) == 1 else b"".join(waiting))
        if self.transport.get_write_buffer_size() > WRITE_LIMIT:
            self.cut_off()

    def backlog(self) -> int:
        """Bytes written but not yet taken by the client's TCP; 0 for one that gets nothing any more."""
        return self.transport.get_write_buffer_size() if self.writable() else 0

    def cut_off(self) -> None:
        """Drop a client that does not read, as an exchange does."""
        self.overflowed = True
        self.transport.abort()

    def send_ping(self, now: float) -> None:
        """Ping with the time as payload; the pong must carry the same bytes."""
        self.pinged = now
        if not self.writable():
            return
        self._ping = str(int(now * 1000)).encode()
        self.unanswered = self.unanswered or now
        self.protocol.send_ping(self._ping)
        self.send_data()

    def freeze(self) -> None:
        """Stop reading and writing; TCP stays up, and the kernel still acknowledges what arrives."""
        if not self.frozen:
            self.frozen = True
            self.transport.pause_reading()

    def thaw(self) -> None:
        if self.frozen:
            self.frozen = False
            if not self.transport.is_closing():
                self.transport.resume_reading()

    def _count(self, event: Frame) -> None:
        """PING, PONG and data frames all count; more than five in any second is too many."""
        if event.opcode is Opcode.CLOSE:
            return
        now = time.monotonic()
        self._incoming.append(now)
        if len(self._incoming) > MESSAGES_PER_SECOND and now - self._incoming[0] < 1.0:
            self.flooding = True
