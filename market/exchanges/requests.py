"""What one connection is subscribed to, what it should be, and which message brings it nearer. No I/O."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from market.exchanges.base import Exchange
from market.exchanges.pace import Pace


@dataclass(frozen=True, slots=True)
class _Request:
    adds: bool
    streams: tuple[str, ...]
    sent_at: float


class Requests:
    """`asked` are the streams the connection's address already asked for."""

    def __init__(self, exchange: Exchange, asked: Sequence[str], pace: Pace) -> None:
        self._exchange = exchange
        self._pace = pace
        self._asked = dict.fromkeys(asked)
        self._wanted = dict.fromkeys(asked)
        self._halves: list[tuple[str, ...]] = []  # of refused requests, to find the stream that is at fault
        self._open: dict[int, _Request] = {}
        self._last_id = 0
        self._refused: set[str] = set()
        self.answered = 0

    @property
    def is_settled(self) -> bool:
        """Nothing left to ask, and everything answered."""
        return not self._open and self._next_batch() is None

    def want(self, streams: Collection[str]) -> None:
        self._wanted = dict.fromkeys(streams)
        self._refused &= self._wanted.keys()

    def is_overdue(self, now: float) -> bool:
        """Whether a request has waited too long for its answer."""
        return any(now - request.sent_at > self._pace.answer for request in self._open.values())

    def next_text(self, now: float) -> str | None:
        """The next message to send; it counts as sent. None when there is nothing to ask."""
        batch = self._next_batch()
        if batch is None:
            return None
        adds, streams = batch
        self._last_id += 1
        self._open[self._last_id] = _Request(adds, streams, now)
        if adds and self._halves:
            self._halves.pop(0)
        if adds:
            self._asked.update(dict.fromkeys(streams))
            return self._exchange.subscribe(streams, self._last_id)
        for stream in streams:
            del self._asked[stream]
        return self._exchange.unsubscribe(streams, self._last_id)

    def accept(self, request_id: int | None) -> None:
        """The venue answered yes."""
        if request_id is not None and self._open.pop(request_id, None) is not None:
            self.answered += 1

    def refuse(self, request_id: int | None) -> Sequence[str]:
        """The venue answered no. The streams that are now known to be at fault."""
        request = self._open.pop(request_id, None) if request_id is not None else None
        if request is None:
            return ()
        self.answered += 1
        if not request.adds:
            return request.streams
        if len(request.streams) == 1:
            self._refused.update(request.streams)
            self._asked.pop(request.streams[0], None)
            return request.streams
        middle = len(request.streams) // 2
        self._halves += [request.streams[:middle], request.streams[middle:]]
        return ()

    def _next_batch(self) -> tuple[bool, tuple[str, ...]] | None:
        """Whether to add, and what. Removals first: they make room under the limit of a connection."""
        most = self._pace.streams_per_message
        if gone := [stream for stream in self._asked if stream not in self._wanted][:most]:
            return False, tuple(gone)
        if self._halves:
            return True, self._halves[0]
        known = self._asked.keys() | self._refused
        new = [stream for stream in self._wanted if stream not in known][:most]
        return (True, tuple(new)) if new else None
