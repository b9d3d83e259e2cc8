"""From the channel layer into the hub: one channel per web process, whatever the number of clients."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from channels.layers import get_channel_layer
from django.conf import settings
from django.db import Error as DatabaseError
from redis.exceptions import RedisError

from market import alert_desk, candle_rows, durable, latest
from market.alert_desk import Settled
from market.cohort import Member
from market.core.alert_log import ACKED, ALERT, KEPT, SNOOZED
from market.core.messages import (
    ALERTS,
    PRICES,
    REPORT_EVERY,
    REPORTS,
    STATUS,
    CandleBatch,
    FeedStatus,
    PriceBatch,
    ProcessReport,
    Resync,
    StoredEvent,
    StoredEvents,
)
from market.core.request import Request
from market.core.viewer import NOBODY
from market.hub import Hub
from market.publish import Publisher, describe, obey_cancellation, tell_feed, tell_processes
from market.threshold_book import ThresholdBook
from market.viewer import REVIEW_EVERY, Viewers, session_of
from market.watchlist import Watched, Watchlist

logger = logging.getLogger(__name__)

GROUPS = (PRICES, STATUS, ALERTS, REPORTS)
TICK = 0.2  # seconds between looks at the clock
REJOIN_AFTER = 5.0  # seconds without a word from the feed before the channel is joined anew
RESYNC_EVERY = 0.5  # seconds between two requests for a full batch
SAY_EVERY = 30.0  # seconds between two lines about a channel layer that is away
ALERTS_EVERY = 3.0  # seconds between looks for alerts that the layer lost; at once where a gap says so
FIRST_LIST_WITHIN = 3.0  # seconds a first client waits for the list of symbols


class Relay:
    """Holds the process's hub and keeps it fed, for as long as the loop runs. Nothing stops it for good:

    a dead Redis, a lost subscription and a locked database are retried, and one of them does not stop the others.
    """

    def __init__(self) -> None:
        self.hub = Hub(heartbeat=settings.HEARTBEAT_SECONDS)
        self.hub.alerts.read_rows = alert_desk.read_missed
        self.hub.candles.read_minutes = candle_rows.read_minutes
        self.viewers = Viewers()
        self.thresholds = ThresholdBook()
        self.watchlist = Watchlist()
        self.watched: tuple[Watched, ...] = ()
        self._tasks: list[asyncio.Task[None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listed = asyncio.Event()
        self._lost = asyncio.Event()
        self._alerts_known = False
        self._publisher = Publisher()
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
        works = (
            *(self._listen, self._follow, self._watch, self._report),
            *(self._follow_alerts, self._follow_rules, self._review_viewers),
        )
        self._tasks = [loop.create_task(self._supervise(work)) for work in works]

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
            case CandleBatch.TYPE:
                self.hub.candles.hear(CandleBatch.of(message))
            case FeedStatus.TYPE:
                whole = self.hub.hear(FeedStatus.of(message))
            case StoredEvent.TYPE:
                self._take_event(StoredEvent.of(message))
            case StoredEvents.TYPE:
                for event in StoredEvents.of(message).events:
                    self._take_event(event)
            case ProcessReport.TYPE:
                self.hub.hops.hear(ProcessReport.of(message))
        if not whole and self.hub.clock() - self._resynced_at > RESYNC_EVERY and self._loop is not None:
            self._resynced_at = self.hub.clock()
            self.hub.hops.gaps += 1
            self._asking = self._loop.create_task(self._resync())
            durable.reread()  # what was lost may have held an event too, and that is a row

    def follow_alerts(self, member: Member, scope: Mapping[str, Any], since: int | None) -> None:
        """Alerts for a member that has joined the audience. Whose connection it is decides which; nobody waits."""
        reader = member.alerts
        reader.session = session_of(scope)
        self.hub.alerts.join(reader, self.viewers.of(reader.session) if reader.session else NOBODY, since)

    def follow_candles(self, member: Member, request: Request) -> None:
        """Open candles for a member that has joined the audience; those of a symbol that is not watched never come."""
        named = [([interval], self.hub.names.resolve(names)[0]) for interval, names in request.candles_of.items()]
        for intervals, keys in [(request.candles, member.wish.keys), *named]:
            member.candles.want(intervals, keys)
            member.candles.tell(intervals, keys)

    async def settled(self, settled: Settled) -> str:
        """Tell every web process of an acknowledged or snoozed alert; what clients are told, as JSON."""
        if settled.event is not None and not await self._publisher.event(settled.event):
            self._take_event(settled.event)  # the layer is away: the others find the row later
        return settled.text

    def _take_event(self, event: StoredEvent) -> None:
        if event.group == ALERTS:
            self.hub.alerts.hear(event)
            if event.kind == ALERT:
                self.hub.hops.told(event.data)
            if self.hub.alerts.arrivals.gaps:
                self._lost.set()
        durable.wake(event)

    async def _follow_alerts(self) -> None:
        """Alerts are rows first: what was stored and never came by the layer is found here."""
        while True:
            self._lost.clear()
            try:
                await (self._find_alerts() if self._alerts_known else self._start_alerts())
            except DatabaseError as exc:
                logger.debug("alerts cannot be read: %s", exc)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ALERTS_EVERY):
                    await self._lost.wait()

    async def _start_alerts(self) -> None:
        places = await alert_desk.apart(durable.alert_places)
        events = await alert_desk.apart(durable.newest_alerts, places, 2 * KEPT, kinds=(ALERT, ACKED, SNOOZED))
        self.hub.alerts.start(events, places)
        self._alerts_known = True

    async def _find_alerts(self) -> None:
        lane, places = self.hub.alerts, await alert_desk.apart(durable.alert_places)
        if behind := lane.arrivals.behind(places):
            events = await alert_desk.apart(durable.alerts_after, behind, KEPT)
            for event in events:
                lane.hear(event)
                lane.arrivals.complete(event.channel, event.id)
            for channel in set(behind).difference(event.channel for event in events):
                lane.arrivals.complete(channel, places[channel])  # what is missing is not kept any more
            durable.reread(behind)
            if lane.arrivals.behind(places):
                self._lost.set()

    async def _follow_rules(self) -> None:
        await self.thresholds.follow(self.hub.alerts.tell_rules_changed)

    async def _review_viewers(self) -> None:
        """Who signed out, was deactivated or is staff no more hears less, without connecting anew."""
        while True:
            await asyncio.sleep(REVIEW_EVERY)
            await self.review_viewers()

    async def review_viewers(self) -> None:
        readers = self.hub.alerts.signed_in()
        if not readers:
            return
        try:
            viewers = await self.viewers.all_of({reader.session for reader in readers})
        except DatabaseError as exc:
            logger.info("sessions cannot be read: %s", exc)
            return
        for reader in readers:
            reader.viewer = viewers.get(reader.session, NOBODY)

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

    async def _report(self) -> None:
        """What this process measures, for the status pages of all of them."""
        while True:
            await tell_processes(self.hub.hops.hops.report())
            await asyncio.sleep(REPORT_EVERY)

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
