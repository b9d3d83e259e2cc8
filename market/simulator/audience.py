"""Who listens to which stream. A message is encoded once per stream and shape, whoever listens."""

from collections.abc import Iterable

from market.simulator.connection import Connection, frame
from market.simulator.faults import Faults
from market.simulator.malformed import MALFORMED, chosen


class Message:
    """One payload of one stream, encoded and framed when a client of that shape first needs it."""

    __slots__ = ("_combined_frame", "_payload", "_raw_frame", "_stream")

    def __init__(self, stream: str, payload: str) -> None:
        self._stream = stream
        self._payload = payload
        self._raw_frame = b""
        self._combined_frame = b""

    def framed(self, *, combined: bool) -> bytes:
        if combined:
            self._combined_frame = self._combined_frame or frame(self._combined())
            return self._combined_frame
        self._raw_frame = self._raw_frame or frame(self._payload.encode())
        return self._raw_frame

    def _combined(self) -> bytes:
        return f'{{"stream":"{self._stream}","data":{self._payload}}}'.encode()


class RecordedMessage:
    """One recorded message, which leaves byte for byte as it came."""

    __slots__ = ("_combined", "_raw")

    def __init__(self, *, combined: bytes, raw: bytes) -> None:
        self._combined = combined
        self._raw = raw

    def framed(self, *, combined: bool) -> bytes:
        return frame(self._combined if combined else self._raw)


class Audience:
    """Subscribers by stream name. `publish` collects frames, `flush` writes them, one write per client."""

    def __init__(self, faults: Faults) -> None:
        self.streams: dict[str, set[Connection]] = {}
        self._faults = faults
        self._waiting: set[Connection] = set()
        self._previous: dict[str, Message | RecordedMessage] = {}
        self._spoiled = 0

    def join(self, connection: Connection, streams: Iterable[str]) -> None:
        for stream in streams:
            self.streams.setdefault(stream, set()).add(connection)

    def leave(self, connection: Connection, streams: Iterable[str]) -> None:
        for stream in streams:
            listeners = self.streams.get(stream, set())
            listeners.discard(connection)
            if not listeners:
                self.streams.pop(stream, None)

    def publish(self, stream: str, payload: str) -> None:
        """Hand `payload` (JSON text) to everyone who listens to `stream`, disturbed as the faults say."""
        if stream in self.streams:
            self._disturb(stream, Message(stream, payload))

    def publish_recorded(self, stream: str, *, combined: bytes, raw: bytes) -> None:
        """The same for a recorded message with both its texts."""
        if stream in self.streams:
            self._disturb(stream, RecordedMessage(combined=combined, raw=raw))

    def send_to(self, connection: Connection, text: str) -> None:
        """Text for one client alone, in order with its prices."""
        self._queue(connection, frame(text.encode()))

    def send_to_all(self, message: bytes) -> None:
        """One prepared frame for every client that listens to anything."""
        for connection in set().union(*self.streams.values()):
            self._queue(connection, message)

    def spoil(self, kind: str) -> None:
        """The next malformed frame of `kind` (see `malformed.chosen`), for everyone."""
        kinds = chosen(kind)
        self._spoiled += 1
        self.send_to_all(MALFORMED[kinds[self._spoiled % len(kinds)]])

    def behind(self, size: int) -> list[Connection]:
        """Clients for whom more than `size` bytes wait although they should be reading."""
        everyone: set[Connection] = set().union(*self.streams.values())
        return [connection for connection in everyone if connection.backlog() > size]

    def flush(self) -> None:
        while self._waiting:
            self._waiting.pop().flush()

    def _disturb(self, stream: str, message: Message | RecordedMessage) -> None:
        self._hand_out(stream, message)
        if self._faults.duplicate:
            self._hand_out(stream, message)
        if self._faults.out_of_order:
            if stream in self._previous:
                self._hand_out(stream, self._previous[stream])
            self._previous[stream] = message

    def _hand_out(self, stream: str, message: Message | RecordedMessage) -> None:
        for connection in self.streams[stream]:
            self._queue(connection, message.framed(combined=connection.session.combined))

    def _queue(self, connection: Connection, message: bytes) -> None:
        connection.outbox.append(message)
        self._waiting.add(connection)
