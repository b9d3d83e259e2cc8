"""What a web process measures: how long a batch takes to it and to its clients; and what other processes report."""

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from market.core.hop import WEB_HOPS, Hop
from market.core.messages import REPORT_EVERY, ProcessReport, Stamp
from market.durable import events_app
from market.hops import Hops

if TYPE_CHECKING:
    from market.hub import Hub

# A process that has not reported for so long (seconds) is gone.
GONE_AFTER = 3 * REPORT_EVERY


class WebHops:
    """Costs the same for each batch, however many clients there are. `wall` is µs since 1970."""

    def __init__(
        self,
        hub: "Hub",
        *,
        clock: Callable[[], float],
        wall: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self.batches = self.gaps = 0
        self._hub = hub
        self._clock = clock
        self._wall = wall
        self.hops = Hops("web", WEB_HOPS, counts=self._counts, levels=self._levels, clock=clock)
        self._record_relayed = self.hops[Hop.RELAYED].record
        self._record_written = self.hops[Hop.WRITTEN].record
        self._record_total = self.hops[Hop.TOTAL].record
        self._came: tuple[float, int | None] | None = None  # what is not written yet: when it came, its age then
        self._reports: dict[tuple[str, str], tuple[float, ProcessReport]] = {}  # by role and name, with when it came

    def relayed(self, stamp: Stamp | None) -> None:
        """A batch came by the channel layer."""
        self.batches += 1
        if stamp is None:
            return
        now, way = self._clock(), self._wall() - stamp.sent_us
        self._record_relayed(way, now)
        if self._came is None:
            self._came = (now, None if stamp.age is None else stamp.age + way)

    def written(self, *, somebody: bool) -> None:
        """What came is written to every client that is up to date, or nobody was there."""
        came, self._came = self._came, None
        if came is None or not somebody:
            return
        now = self._clock()
        took = int((now - came[0]) * 1e6)
        self._record_written(took, now)
        if came[1] is not None:
            self._record_total(came[1] + took, now)

    def told(self, alert: str) -> None:
        """An alert, as JSON, was written to everybody who may see it. A digest is told late on purpose."""
        fields = json.loads(alert)
        if fields.get("kind") != "digest" and (decided := fields.get("decided")):
            micros = int(datetime.fromisoformat(decided).timestamp() * 1e6)
            self.hops.record(Hop.ALERT_TOLD, self._wall() - micros)

    def hear(self, report: ProcessReport) -> None:
        """What another process says of itself, or this one."""
        key = (report.role, report.name)
        before = self._reports.get(key)
        if before is not None and report.counts.get("clock_sets", 0) > before[1].counts.get("clock_sets", 0):
            self.hops[Hop.TOTAL].forget()  # measured by a clock that was set meanwhile
        self._reports[key] = (self._clock(), report)

    def reports(self) -> list[ProcessReport]:
        """Of every process that lives, this one as of now; the feed first, then by name."""
        now = self._clock()
        self._reports = {key: each for key, each in self._reports.items() if now - each[0] <= GONE_AFTER}
        own = self.hops.report()
        others = [report for key, (_, report) in self._reports.items() if key != (own.role, own.name)]
        return sorted([own, *others], key=lambda report: (report.role, report.name))

    def _counts(self) -> Mapping[str, int]:
        audience = self._hub.audience
        named = {"written": audience.delivered, "joined": audience.joined, "returned": audience.returned}
        by_transport = {f"{name}_{kind}": counter[kind] for name, counter in named.items() for kind in ("ws", "sse")}
        return {"batches": self.batches, "gaps": self.gaps, "cut_off": audience.cut_off, **by_transport}

    def _levels(self) -> Mapping[str, int]:
        return {**self._hub.clients(), "events": len(events_app), "paused": self._hub.audience.lagging}
