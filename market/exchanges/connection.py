"""One socket's life: it opens subscribed, keeps its subscriptions as wanted, reads, and notices its own death.

This module is the door to the `websockets` client.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from market.exchanges.base import Control, Exchange, Unreachable, Word
from market.exchanges.pace import Pace
from market.exchanges.recorder import Recorder
from market.exchanges.refusal import refused
from market.exchanges.requests import Requests

logger = logging.getLogger(__name__)

MAX_FRAME = 4 * 2**20  # bytes; the whole market's miniTicker is a quarter of a megabyte
MAX_QUEUE = 1024  # frames between the socket and the reader, which never waits

Socket = ClientConnection
Take = Callable[[str | bytes, float], Control | bool]


class Connection:
    """`leaving` is set when it ended, or when it should be replaced; `reason` says why."""

    def __init__(
        self,
        exchange: Exchange,
        socket: Socket,
        *,
        take: Take,
        asked: Sequence[str],
        lifetime: float,
        pace: Pace,
        clock: Callable[[], float],
        recorder: Recorder | None = None,
    ) -> None:
        self._socket = socket
        self._recorder = recorder
        self._take = take
        self._lifetime = lifetime
        self._pace = pace
        self._clock = clock
        self._requests = Requests(exchange, asked, pace)
        self._changed = asyncio.Event()
        self._is_ready = False
        self._diagnosis = ""  # what is known of a dead connection beside that it ended
        self.opened_at = self.last_frame = self._last_sign = clock()
        self.quiet = pace.silence  # seconds without data after which a successor should look
        self.prices = 0  # frames with a price
        self.last_price = float("-inf")
        self.delivered = asyncio.Event()
        self.leaving = asyncio.Event()
        self.ended = False
        self.reason = ""

    def want(self, streams: Collection[str]) -> None:
        """Subscribe to exactly these, in the background."""
        self._requests.want(streams)
        self._changed.set()

    def leave(self, reason: str) -> None:
        """It still delivers, but a successor should take over."""
        if not self.leaving.is_set():
            self.reason = reason
            self.leaving.set()

    @property
    def age(self) -> float:
        """Seconds."""
        return self._clock() - self.opened_at

    async def run(self) -> None:
        """Until the socket ends; closes it when cancelled."""
        retirement = asyncio.get_running_loop().call_later(self._lifetime, self.leave, "it is old enough")
        try:
            async with asyncio.TaskGroup() as tasks:
                chores = [tasks.create_task(self._keep_subscribed()), tasks.create_task(self._watch())]
                try:
                    await self._read()
                finally:
                    for chore in chores:
                        chore.cancel()
        finally:
            retirement.cancel()
            self.ended = True
            if self._recorder is not None:
                self._recorder.ended(self.reason, self._clock())
            self.leaving.set()
            self.delivered.set()
            await self._socket.close()

    async def _read(self) -> None:
        try:
            while True:
                self._hear(await self._socket.recv(decode=False))
        except ConnectionClosed as exc:
            # Why it ended says more than why it should have been replaced.
            self.reason = self._diagnosis or _why_closed(exc)

    def _hear(self, frame: bytes) -> None:
        self.last_frame = self._last_sign = self._clock()
        if self._recorder is not None:
            self._recorder.frame(frame, self.last_frame)
        heard = self._take(frame, self.last_frame)
        if heard is True:
            self.prices += 1
            self.last_price = self.last_frame
        elif isinstance(heard, Control):
            self._obey(heard)
        if not self._is_ready and (self.prices or self._requests.answered) and self._requests.is_settled:
            self._is_ready = True
            self.delivered.set()

    def _obey(self, control: Control) -> None:
        if control.word is Word.SHUTDOWN:
            self.leave(control.reason)
        elif control.word is Word.ACK:
            self._requests.accept(control.id)
        else:
            for stream in self._requests.refuse(control.id):
                logger.warning("no %s: %s", stream, control.reason)
            self._changed.set()

    async def _keep_subscribed(self) -> None:
        try:
            while True:
                while (text := self._requests.next_text(self._clock())) is not None:
                    await self._socket.send(text)
                    if self._recorder is not None:
                        self._recorder.sent(text, self._clock())
                    await asyncio.sleep(self._pace.between_messages)
                self._changed.clear()
                await self._changed.wait()
        except ConnectionClosed:
            return  # the reader says why

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(max(0.001, self._last_sign + self._pace.silence - self._clock()))
            if self._requests.is_overdue(self._clock()) and self.age >= self.quiet:
                self.leave("a subscription was not answered")
            if self._clock() - self._last_sign < self._pace.silence:
                continue
            if not await self._answers_ping():
                self._diagnosis = f"no data for {self._pace.silence:g} s and no answer to a ping"
                self._socket.transport.abort()
                return
            self._last_sign = self._clock()
            if self._last_sign - self.last_frame >= self.quiet:
                self.leave(f"no data for {self.quiet:g} s, although it answers pings")

    async def _answers_ping(self) -> bool:
        try:
            async with asyncio.timeout(self._pace.pong):
                await (await self._socket.ping())
        except (TimeoutError, ConnectionClosed):
            return False
        return True


async def open_socket(exchange: Exchange, url: str, pace: Pace) -> Socket:
    """A connected socket. Raises Refused (the venue answered no) or Unreachable."""
    try:
        return await connect(
            url,
            proxy=None,
            compression=None,
            open_timeout=pace.open_timeout,
            close_timeout=pace.close_timeout,
            ping_interval=None,  # `_watch` asks sooner, and only when nothing else shows life
            max_size=MAX_FRAME,
            max_queue=MAX_QUEUE,
        )
    except InvalidStatus as exc:
        answer = exc.response
        raise refused(
            exchange,
            status=answer.status_code,
            phrase=answer.reason_phrase,
            headers=answer.headers,
            body=bytes(answer.body or b""),
        ) from exc
    except TimeoutError as exc:
        raise Unreachable(f"no answer within {pace.open_timeout:g} s") from exc
    except (OSError, EOFError, UnicodeError, InvalidHandshake, InvalidURI) as exc:
        raise Unreachable(getattr(exc, "strerror", None) or str(exc) or type(exc).__name__) from exc


def _why_closed(exc: ConnectionClosed) -> str:
    if exc.rcvd is None and exc.sent is not None:
        return f"the connection was given up: {exc.sent.code} {exc.sent.reason}".strip()
    if exc.rcvd is None:
        return "the connection was lost"
    return f"the exchange closed the connection: {exc.rcvd.code} {exc.rcvd.reason}".strip()
