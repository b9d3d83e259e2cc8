"""Who listens to which stream. A message is encoded once per stream and shape, whoever listens."""

from market.simulator.connection import Connection, frame
from market.simulator.faults import Faults


class Audience:
    """Subscribers by stream name. `publish` collects frames, `flush` writes them, one write per client."""

    def __init__(self, faults: Faults) -> None:
        self.streams: dict[str, set[Connection]] = {}
        self.published = 0
        self._faults = faults
        self._waiting: set[Connection] = set()
        self._previous: dict[str, str] = {}

    def join(self, connection: Connection, streams: tuple[str, ...]) -> None:
        for stream in streams:
            self.streams.setdefault(stream, set()).add(connection)

    def leave(self, connection: Connection, streams: tuple[str, ...]) -> None:
        for stream in streams:
            listeners = self.streams.get(stream, set())
            listeners.discard(connection)
            if not listeners:
                self.streams.pop(stream, None)

    def publish(self, stream: str, payload: str) -> None:
        """Hand `payload` (JSON text) to everyone who listens to `stream`, disturbed as the faults say."""
        if stream not in self.streams:
            return
        self._hand_out(stream, payload)
        if self._faults.duplicate:
            self._hand_out(stream, payload)
        if self._faults.out_of_order:
            if stream in self._previous:
                self._hand_out(stream, self._previous[stream])
            self._previous[stream] = payload

    def publish_recorded(self, stream: str, *, combined: bytes, raw: bytes) -> None:
        """The same with both texts given, so that a recording leaves byte for byte as it came."""
        for connection in self.streams.get(stream, ()):
            self._queue(connection, frame(combined if connection.session.combined else raw))

    def send_to(self, connection: Connection, text: str) -> None:
        """Text for one client alone, in order with its prices."""
        self._queue(connection, frame(text.encode()))

    def send_to_all(self, message: bytes) -> None:
        """One prepared frame for every client that listens to anything."""
        for connection in set().union(*self.streams.values()):
            self._queue(connection, message)

    def flush(self) -> None:
        while self._waiting:
            self._waiting.pop().flush()

    def _hand_out(self, stream: str, payload: str) -> None:
        raw = combined = b""
        for connection in self.streams[stream]:
            if connection.session.combined:
                combined = combined or frame(f'{{"stream":"{stream}","data":{payload}}}'.encode())
                self._queue(connection, combined)
            else:
                raw = raw or frame(payload.encode())
                self._queue(connection, raw)
            self.published += 1

    def _queue(self, connection: Connection, message: bytes) -> None:
        connection.outbox.append(message)
        self._waiting.add(connection)
