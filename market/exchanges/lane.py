"""One connection kept alive: opened with patience, and replaced by a successor before it ends."""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from random import Random

from market.exchanges.base import Exchange, Refused, Unreachable
from market.exchanges.connection import Connection, Socket, Take, open_socket
from market.exchanges.governor import Backoff, Governor, is_barred, keep_away
from market.exchanges.pace import Pace
from market.exchanges.recorder import Recorder

logger = logging.getLogger(__name__)

IDLE = "nothing is subscribed"


class Lane:
    """Streams that travel together. `on_change` is called when `connected`, `reason` or `barred` changed."""

    def __init__(
        self,
        exchange: Exchange,
        *,
        base_url: str,
        take: Take,
        governor: Governor,
        pace: Pace,
        clock: Callable[[], float],
        random: Random,
        on_change: Callable[[], None],
        recorder: Recorder | None = None,
    ) -> None:
        self._exchange = exchange
        self._base_url = base_url
        self._take = take
        self._governor = governor
        self._pace = pace
        self._clock = clock
        self._random = random
        self._on_change = on_change
        self._recorder = recorder
        self._backoff = Backoff(pace, random)
        self._quiet = pace.silence
        self._is_wanted = asyncio.Event()
        self._running: dict[Connection, asyncio.Task[None]] = {}
        self._current: Connection | None = None
        self._told = ""
        self.streams: tuple[str, ...] = ()
        self.connected = False
        self.reason = IDLE
        self.barred = False
        self.connects = 0
        self.rotations = 0

    def want(self, streams: Collection[str]) -> None:
        """Exactly these. Without any there is no connection."""
        self.streams = tuple(streams)
        for connection in self._running:
            connection.want(self.streams)
        if self.streams:
            self._is_wanted.set()
            if self.reason == IDLE:
                self.reason = "connecting"
        else:
            self._is_wanted.clear()
            for connection in self._running:
                connection.leave(IDLE)

    async def run(self) -> None:
        """For ever. Cancel to stop: closes its sockets."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                if not self._is_wanted.is_set():
                    await self._stop(*self._running)
                    await self._is_wanted.wait()
                await self._step(tasks)

    async def _step(self, tasks: asyncio.TaskGroup) -> None:
        """One connection, from its first attempt to the moment it needs a successor."""
        successor = await self._open(tasks)
        if successor is None or not await self._proves_itself(successor):
            return
        await self._replace_by(successor)
        await successor.leaving.wait()
        if successor.age >= self._pace.min_session:
            self._backoff.succeeded()
            self._told = ""
        else:
            self._backoff.failed()
        if not successor.ended:
            logger.info("%s: leaving the connection: %s", self._exchange.name, successor.reason)

    async def _open(self, tasks: asyncio.TaskGroup) -> Connection | None:
        """One attempt, at its due time; what runs already keeps running."""
        await asyncio.sleep(self._governor.reserve(self._clock(), after=self._backoff.delay()))
        asked = self._fitting()
        if not asked:
            return None
        url = self._exchange.url(self._base_url, asked)
        try:
            socket = await open_socket(self._exchange, url, self._pace)
        except Refused as exc:
            self._governor.bar(self._clock() + keep_away(exc, self._pace))
            self._fail(exc.reason, exc)
            return None
        except Unreachable as exc:
            self._fail(exc.reason)
            return None
        if self._recorder is not None:
            self._recorder.connected(url, self._clock())
        return self._start(socket, asked, tasks)

    def _start(self, socket: Socket, asked: Sequence[str], tasks: asyncio.TaskGroup) -> Connection:
        connection = Connection(
            self._exchange,
            socket,
            take=self._take,
            asked=asked,
            lifetime=self._pace.rotation - self._random.uniform(0, self._pace.rotation_jitter),
            pace=self._pace,
            clock=self._clock,
            recorder=self._recorder,
        )
        connection.quiet = self._quiet
        connection.want(self.streams)
        task = self._running[connection] = tasks.create_task(connection.run())
        task.add_done_callback(lambda ended: self._note_end(connection, ended))
        return connection

    async def _proves_itself(self, successor: Connection) -> bool:
        """Whether it stays open until it delivered, or for as long as that may take."""
        patience = self._pace.settle if self._current is None else self._pace.overlap
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await successor.delivered.wait()
        if successor.ended:
            self._fail(successor.reason)
        return not successor.ended

    async def _replace_by(self, successor: Connection) -> None:
        old, self._current = self._current, successor
        self.connects += 1
        self._show(connected=True, reason="")
        if old is None:
            logger.info("%s: connected", self._exchange.name)
            self._quiet = successor.quiet = self._pace.silence
            return
        self.rotations += 1
        await asyncio.sleep(self._pace.settle)
        # Silence on both sides is a quiet market: ask less often. Silence on the old one alone was its own.
        was_dead = bool(successor.prices) and old.last_price < successor.opened_at
        self._quiet = self._pace.silence if was_dead else min(self._quiet * 2, self._pace.quiet_cap)
        successor.quiet = self._quiet
        await self._stop(old)

    async def _stop(self, *connections: Connection) -> None:
        tasks = [self._running[connection] for connection in connections if connection in self._running]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _note_end(self, connection: Connection, task: asyncio.Task[None]) -> None:
        del self._running[connection]
        if connection is not self._current:
            return
        self._current = None
        if task.cancelled():  # by us
            self._show(connected=False, reason=IDLE)
        else:
            self._complain(connection.reason)
            self._show(connected=False, reason=connection.reason)

    def _fail(self, reason: str, refusal: Refused | None = None) -> None:
        self._backoff.failed(refusal)
        self._complain(reason)
        if self._current is None:
            self._show(connected=False, reason=reason, barred=is_barred(refusal))

    def _complain(self, reason: str) -> None:
        """Once for each reason of an outage, not for each attempt."""
        if reason != self._told:
            self._told = reason
            logger.warning("%s: %s; it will be tried again", self._exchange.name, reason)

    def _show(self, *, connected: bool, reason: str, barred: bool = False) -> None:
        if (connected, reason, barred) != (self.connected, self.reason, self.barred):
            self.connected, self.reason, self.barred = connected, reason, barred
            self._on_change()

    def _fitting(self) -> list[str]:
        """The streams that fit into the connection's address; the others are subscribed afterwards."""
        room = self._exchange.max_url - len(self._exchange.url(self._base_url, ()))
        fitting = []
        for stream in self.streams[: self._exchange.max_streams]:
            room -= len(self._exchange.url("", (stream,))) - len(self._exchange.url("", ())) + 1
            if room < 0:
                break
            fitting.append(stream)
        return fitting
