"""The thresholds that marks on the board show, as one web process knows them: read when they changed."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import Error as DatabaseError
from django.utils import timezone

from market.core.viewer import Viewer, alert_channel
from market.models import AlertRule
from market.models.alert_rule import PERCENT
from market.own_threads import OwnThread
from market.rule_print import RulePrint, rule_print

logger = logging.getLogger(__name__)

ASK_EVERY = 1.0  # seconds between two looks at the rules
NEAREST = 6  # of one symbol that a page is told, on prices and on changes each

# One thread with one connection: a look must not cost a connection a second.
_in_reader = OwnThread("thresholds")


@dataclass(frozen=True, slots=True)
class Threshold:
    """An enabled rule, by its `number`. `key` is that of a row of the board, empty for a rule on all symbols."""

    number: int
    key: str
    channel: str
    condition: str
    threshold: Decimal
    upper: Decimal | None
    text: str
    expires_at: datetime | None
    paused_until: datetime | None

    def counts_at(self, moment: datetime) -> bool:
        expired = self.expires_at is not None and moment >= self.expires_at
        return not expired and not (self.paused_until is not None and moment < self.paused_until)

    def fields(self) -> dict[str, str | None]:
        upper = None if self.upper is None else f"{self.upper:f}"
        words = {"key": self.key, "condition": self.condition, "text": self.text}
        return {**words, "threshold": f"{self.threshold:f}", "upper": upper}


class ThresholdBook:
    """`clock` is monotonic seconds. `follow` keeps it up to date, from when it is asked for the first time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._asked_at = float("-inf")
        self._print: RulePrint | None = None
        self._wanted = asyncio.Event()
        self._known = asyncio.Event()
        self._by_channel: dict[str, frozenset[Threshold]] = {}
        self.changes = 0  # counts the times that the rules were others

    def seen_by(self, viewer: Viewer, prices: Mapping[str, str]) -> list[Threshold]:
        """`known_to` as of now. Synchronous; database errors propagate."""
        self.refresh(ASK_EVERY)
        return self.known_to(viewer, prices)

    def known_to(self, viewer: Viewer, prices: Mapping[str, str]) -> list[Threshold]:
        """Those whose alerts `viewer` may see; of a symbol with many the ones nearest to its price (by key)."""
        now, by_channel = timezone.now(), self._by_channel
        by_symbol: dict[tuple[str, bool], list[Threshold]] = {}
        for channel in viewer.channels:
            for threshold in by_channel.get(channel, ()):
                if threshold.counts_at(now):
                    by_symbol.setdefault((threshold.key, threshold.condition in PERCENT), []).append(threshold)
        near = [each for (key, _), many in by_symbol.items() for each in _nearest(many, prices.get(key))]
        return sorted(near, key=lambda threshold: threshold.number)

    def want(self) -> None:
        """From now on `follow` looks. Called in its loop."""
        self._wanted.set()

    async def ready(self, within: float) -> None:
        """Until the rules were read, at the first time; `follow` has to run."""
        if self._wanted.is_set():
            return
        self.want()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._known.wait()

    async def follow(self, on_change: Callable[[frozenset[str]], None], *, every: float = ASK_EVERY) -> None:
        """Look for ever, once somebody wants to know; `on_change` hears the channels whose thresholds are others."""
        await self._wanted.wait()
        told: Mapping[str, frozenset[Threshold]] | None = None
        while True:
            try:
                await _in_reader(self.refresh, 0)
            except DatabaseError as error:
                logger.debug("the thresholds cannot be read: %s", error)
            else:
                before, told = told, self._by_channel
                if before is not None and before != told:
                    on_change(frozenset(name for name in {*before, *told} if before.get(name) != told.get(name)))
                self._known.set()
            await asyncio.sleep(every)

    def refresh(self, older_than: float) -> None:
        """Read the rules if they are others, unless somebody looked less than so many seconds ago. Synchronous."""
        if self._clock() - self._asked_at < older_than:
            return
        now = rule_print(self._print)
        if now != self._print:
            rules = AlertRule.objects.filter(enabled=True).select_related("watched").order_by("id")
            by_channel: dict[str, set[Threshold]] = {}
            for threshold in map(_threshold, rules):
                by_channel.setdefault(threshold.channel, set()).add(threshold)
            self._by_channel = {channel: frozenset(them) for channel, them in by_channel.items()}
            self.changes += 1
        self._print = now
        self._asked_at = self._clock()


def _threshold(rule: AlertRule) -> Threshold:
    watched = rule.watched
    return Threshold(
        number=rule.pk,
        key=f"{watched.exchange}:{watched.symbol}" if watched else "",
        channel=alert_channel(rule.audience, rule.owner_id),
        condition=rule.condition,
        threshold=rule.threshold.normalize(),
        upper=None if rule.upper is None else rule.upper.normalize(),
        text=rule.words,
        expires_at=rule.expires_at,
        paused_until=rule.paused_until,
    )


def _nearest(many: list[Threshold], price: str | None) -> Iterable[Threshold]:
    if len(many) <= NEAREST:
        return many
    middle = Decimal(price or 0)
    return sorted(many, key=lambda each: min(abs(end - middle) for end in _ends(each)))[:NEAREST]


def _ends(threshold: Threshold) -> list[Decimal]:
    return [threshold.threshold] if threshold.upper is None else [threshold.threshold, threshold.upper]
