"""What the feed measures: how long prices take to it and through it, by clocks that are corrected."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from market.clock_watch import ClockPace, ClockWatch
from market.core.hop import FEED_HOPS, Hop
from market.core.messages import REPORT_EVERY, Stamp
from market.core.staleness import Lateness
from market.exchanges.rest import Rest
from market.hops import Hops
from market.publish import tell_processes

# A clock may have been set: events come from so far in the future (µs), or so much later than usual (s).
EARLY = -10_000
LATE = 0.5


@dataclass(frozen=True, slots=True)
class HopsPace:
    """Seconds. `report` is between two reports to the web processes."""

    report: float = REPORT_EVERY
    clock: ClockPace = field(default_factory=ClockPace)


class FeedHops:
    """`rest` None: a recording is played, whose times say nothing of ours.

    `counts` and `levels` are the feed's. `lateness` forgets what was usual when a clock was set.
    """

    def __init__(
        self,
        rest: Rest | None,
        *,
        counts: Callable[[], Mapping[str, int]],
        levels: Callable[[], Mapping[str, int]],
        lateness: Lateness | None,
        pace: HopsPace | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._pace = pace or HopsPace()
        self._counts, self._lateness = counts, lateness
        self._clock, self._wall = clock, wall
        self.watch: ClockWatch | None = None
        if rest is not None:
            self.watch = ClockWatch(rest, on_set=self._note_set, pace=self._pace.clock, clock=clock)
        self.hops = Hops("feed", FEED_HOPS, counts=self._all_counts, levels=levels, clock=clock)
        self._record = self.hops[Hop.RECEIVED].record
        self._ahead: float | None = None  # the exchange's clock less ours, s; None before the first look at it
        self._early = self._clock_sets = 0

    def received(self, time_ms: int, now: float) -> None:
        """The hot path: a tick of the exchange's time `time_ms` came at `now`."""
        if self._ahead is not None:
            micros = int((now + self._ahead) * 1e6) - time_ms * 1000
            if micros < 0:
                self._early += micros < EARLY
            self._record(micros, now)

    def stamp(self, since: float, time_ms: int | None) -> Stamp:
        """Of a change that came at `since` and leaves now."""
        now, age = self._clock(), None
        if time_ms is not None and self._ahead is not None:
            age = max(0, int((now + self._ahead) * 1e6) - time_ms * 1000)
        return Stamp(max(0, int((now - since) * 1e6)), age, int(self._wall() * 1e6))

    def published(self, stamp: Stamp) -> None:
        """The channel layer took it."""
        self.hops.record(Hop.PUBLISHED, stamp.waited)

    def stored(self, decided: Iterable[datetime]) -> None:
        """Alerts that were decided then are rows now."""
        now = timezone.now()
        for at in decided:
            self.hops.record(Hop.ALERT_STORED, int((now - at).total_seconds() * 1e6))

    def clock_offset(self) -> list[int] | None:
        """How much the exchange's clock is ahead of our wall clock, and how wrong that may be; µs."""
        offset = None if self.watch is None else self.watch.offset
        if offset is None:
            return None
        return [int((self._clock() + offset.seconds - self._wall()) * 1e6), int(offset.error * 1e6)]

    async def run(self) -> None:
        """Watch the exchange's clock and report, for ever."""
        async with asyncio.TaskGroup() as tasks:
            if self.watch is not None:
                tasks.create_task(self.watch.run(), name="feed clock")
            tasks.create_task(self._report(), name="feed report")

    async def _report(self) -> None:
        while True:
            self._follow_clock()
            await tell_processes(self.hops.report(clock=self.clock_offset()))
            await asyncio.sleep(self._pace.report)

    def _follow_clock(self) -> None:
        if self.watch is None:
            return
        if self._early or (self._lateness is not None and self._lateness.late_by(self._clock()) > LATE):
            self._early = 0
            self.watch.ask()
        offset = self.watch.offset
        if offset is not None:
            self._ahead = offset.seconds
        elif self.watch.looked:
            self._ahead = self._wall() - self._clock()

    def _note_set(self) -> None:
        self._clock_sets += 1
        self._follow_clock()
        self.hops[Hop.RECEIVED].forget()
        if self._lateness is not None:
            self._lateness.forget()

    def _all_counts(self) -> Mapping[str, int]:
        return {**self._counts(), "clock_sets": self._clock_sets}
