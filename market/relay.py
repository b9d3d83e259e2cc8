"""From the channel layer into the hub: one channel per web process, whatever the number of clients."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from channels.layers import get_channel_layer
from django.conf import settings
from redis.exceptions import RedisError

from market import durable, latest
from market.core.messages import ALERTS, PRICES, STATUS, FeedStatus, PriceBatch, Resync, StoredEvent
from market.hub import Hub
from market.publish import describe, obey_cancellation, tell_feed
from market.watchlist import Watched, Watchlist

logger = logging.getLogger(__name__)

GROUPS = (PRICES, STATUS, ALERTS)
TICK = 0.2  # seconds between looks at the clock
REJOIN_AFTER = 5.0  # seconds without a word from the feed before the channel is joined anew
RESYNC_EVERY = 0.5  # seconds between two requests for a full batch
SAY_EVERY = 30.0  # seconds between two lines about a channel layer that is away
FIRST_LIST_WITHIN = 3.0  # seconds a first client waits for the list of symbols


class Relay:
    """Holds the process's hub and keeps it fed, for as long as the loop runs. Nothing stops it for good:

    a dead Redis, a lost subscription and a locked database are retried, and one of them does not stop the others.
    """

    def __init__(self) -> None:
        self.hub = Hub(heartbeat=settings.HEARTBEAT_SECONDS)
        self.watchlist = Watchlist()
        self.watched: tuple[Watched, ...] = ()
        self._tasks: list[asyncio.Task[None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listed = asyncio.Event()
        self._joined_at = 0.0
        self._resynced_at = float("-inf")
        self._asking: asyncio.Task[bool] | None = None  # kept, or it might be collected before it ends
        self._said_at = float("-inf")

    def ensure_running(self) -> None:
        """Start, once per loop. Called by whatever first needs prices."""
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        self._loop = loop
        self._tasks = [loop.create_task(self._supervise(work)) for work in (self._listen, self._follow, self._watch)]

    async def ready(self) -> None:
        """Wait for the first list of symbols, but not for ever: without it every symbol is unknown."""
        self.ensure_running()
        if not self._listed.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FIRST_LIST_WITHIN):
                    await self._listed.wait()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks, self._loop = [], None

    async def _supervise(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except Exception:
                # The isolation point of the web process: clients keep what they have, the work begins anew.
                logger.exception("%s failed, beginning anew", work.__name__)
            await asyncio.sleep(1)

    async def _listen(self) -> None:
        """Hear the feed. Joining anew every REJOIN_AFTER seconds of silence heals subscriptions lost unnoticed."""
        layer = get_channel_layer()
        if layer is None:
            raise RuntimeError("no channel layer is configured")
        while True:
            try:
                channel = await layer.new_channel()
                for group in GROUPS:
                    await layer.group_add(group, channel)
                await self._catch_up()
                await self._receive(layer, channel)
            except (OSError, RedisError) as exc:
                obey_cancellation()  # leaving the groups may have failed on the way out
                self._say_away(describe(exc))
                # Each failed try to join would leave something in the layer's memory: first see whether it answers.
                await asyncio.sleep(1)
                while not await self._resync():
                    await asyncio.sleep(1)

    async def _receive(self, layer: Any, channel: str) -> None:
        clock = self.hub.clock
        self._joined_at = clock()
        try:
            while True:
                silent_since = max(self._joined_at, clock() - self.hub.feed.silence(clock()))
                async with asyncio.timeout(max(0.1, silent_since + REJOIN_AFTER - clock())):
                    self._take(await layer.receive(channel))
        except TimeoutError:
            logger.debug("nothing heard for %s s, joining anew", REJOIN_AFTER)
        finally:
            for group in GROUPS:
                await layer.group_discard(group, channel)

    async def _catch_up(self) -> None:
        """What the feed last said, from the cache, for a process that starts while the feed is down; then the feed."""
        if not self.hub.epoch and (batch := await latest.load()) is not None:
            self.hub.remember(batch)
        await self._resync()

    def _take(self, message: Mapping[str, Any]) -> None:
        """Unknown types are of a later version: passed over."""
        whole = True
        match message["type"]:
            case PriceBatch.TYPE:
                whole = self.hub.apply(PriceBatch.of(message))
            case FeedStatus.TYPE:
                whole = self.hub.hear(FeedStatus.of(message))
            case StoredEvent.TYPE:
                durable.wake(StoredEvent.of(message))
        if not whole and self.hub.clock() - self._resynced_at > RESYNC_EVERY and self._loop is not None:
            self._resynced_at = self.hub.clock()
            self._asking = self._loop.create_task(self._resync())
            durable.reread()  # what was lost may have held an event too, and that is a row

    async def _resync(self) -> bool:
        """Ask the feed for everything; False when the layer does not take that."""
        taken = await tell_feed(Resync())
        if not taken:
            self._say_away("it takes no message")
        elif self._said_at > float("-inf"):
            self._said_at = float("-inf")
            logger.warning("the channel layer answers again")
        return taken

    def _say_away(self, why: str) -> None:
        now = self.hub.clock()
        if now - self._said_at >= SAY_EVERY:
            self._said_at = now
            logger.warning("the channel layer is away: %s", why)

    async def _follow(self) -> None:
        await self.watchlist.follow(self._take_list)

    def _take_list(self, watched: tuple[Watched, ...]) -> None:
        self.watched = watched
        self.hub.watch(row.key for row in watched)
        self._listed.set()

    async def _watch(self) -> None:
        while True:
            self.hub.tick()
            await asyncio.sleep(TICK)


_relays: list[Relay] = []


def current() -> Relay:
    """This process's relay, made on first use."""
    if not _relays:
        _relays.append(Relay())
    return _relays[0]
