"""Notices a feed that died and cannot say so itself, and tells staff of it once; for whoever delivers alerts."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from market import durable
from market.alerting import FeedNews, write_feed
from market.models import Alert, FeedSign, Kind

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0
# Seconds without a sign of life until that is an alert. A feed that is stopped and started again within them, as by an
# update or its supervisor, raises none.
SILENT = 30.0
# For the last of them the database has to take what we write, at once: while it is locked the feed cannot write either.
PROVEN = 10.0
AT_ONCE = 1.0


@dataclass(slots=True)
class _Seen:
    """A sign, when we first saw it (on our clock), and whether that it is old was told."""

    at: datetime
    since: float
    told: bool = False


class FeedGuard:
    """Synchronous. `look` asks the database now and then; its errors propagate. `clock` is monotonic seconds.

    Silence counts from when we saw the last sign, on our own clock and only while the database answers us: the clock
    of another machine may be wrong, and a locked database is no dead feed.
    """

    def __init__(
        self,
        *,
        silent: float = SILENT,
        every: float = LOOK_EVERY,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = timezone.now,
    ) -> None:
        self._silent = silent
        self._every = every
        self._clock = clock
        self._now = now
        self._looked = float("-inf")
        self._seen: dict[str, _Seen] = {}

    def look(self) -> None:
        """Write the alert that a feed is dead, or that it is back; once, however many look."""
        clock = self._clock()
        if clock - self._looked < self._every:
            return
        signs = dict(FeedSign.objects.values_list("exchange", "at"))
        if clock - self._looked > 3 * self._every:  # we could not see what came meanwhile
            self._seen.clear()
        self._looked = clock
        for exchange, at in signs.items():
            self._judge(exchange, at, clock)

    def _judge(self, exchange: str, at: datetime, clock: float) -> None:
        seen = self._seen.get(exchange)
        if seen is None or seen.at != at:
            self._end_alert(exchange, at)
            self._seen[exchange] = _Seen(at, clock)
            return
        silence = clock - seen.since
        if seen.told or silence < self._silent - PROVEN or not self._is_written(exchange, seen):
            return
        if silence >= self._silent:
            self._tell(exchange, f"the feed has given no sign of life since {at:%Y-%m-%d %H:%M:%S} UTC", at)
            seen.told = True

    def _is_written(self, exchange: str, seen: _Seen) -> bool:
        """Whether the database takes the same sign once more, at once; else the silence begins anew."""
        since, seen.since = seen.since, self._clock()
        taken = FeedSign.objects.filter(exchange=exchange, at=seen.at).update(at=seen.at)
        if not taken or self._clock() - seen.since > AT_ONCE:
            return False
        seen.since = since
        return True

    def _end_alert(self, exchange: str, at: datetime) -> None:
        """A sign that is newer than the alert: prices are back, whoever had noticed that they were gone."""
        alerts = Alert.objects.filter(kind=Kind.FEED, exchange=exchange, rule=None, resolved_at=None)
        if alerts.filter(decided_at__lt=at).exists():
            self._tell(exchange, "", at)

    def _tell(self, exchange: str, reason: str, at: datetime) -> None:
        news = FeedNews(exchange, reason, int(at.timestamp() * 1000), "", self._now())
        if write_feed(news, store=durable.store).events:
            log.warning("%s: %s", exchange, reason or "prices are back")
