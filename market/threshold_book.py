"""The thresholds that marks on the board show, as one web process knows them: read when they changed."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Q, Sum
from django.utils import timezone

from market.core.viewer import Viewer, alert_channel
from market.models import AlertRule
from market.models.alert_rule import PERCENT

ASK_EVERY = 2.0  # seconds between two looks at the rules
NEAREST = 6  # of one symbol that a page is told, on prices and on changes each

_FINGERPRINT = {
    "rows": Count("id"),
    "ids": Sum("id"),
    "newest": Max("updated_at"),
    "enabled": Sum("id", filter=Q(enabled=True)),
}


@dataclass(frozen=True, slots=True)
class Threshold:
    """An enabled rule. `key` is that of a row of the board, empty for a rule on all symbols."""

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
    """Synchronous. Database errors propagate; `clock` is monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._asked_at = float("-inf")
        self._fingerprint: dict[str, Any] | None = None
        self._all: tuple[Threshold, ...] = ()

    def seen_by(self, viewer: Viewer, prices: Mapping[str, str]) -> list[Threshold]:
        """Those whose alerts `viewer` may see; of a symbol with many the ones nearest to its price (by key)."""
        self._refresh()
        now = timezone.now()
        by_symbol: dict[tuple[str, bool], list[Threshold]] = {}
        for threshold in self._all:
            if threshold.channel in viewer.channels and threshold.counts_at(now):
                by_symbol.setdefault((threshold.key, threshold.condition in PERCENT), []).append(threshold)
        return [near for (key, _), many in by_symbol.items() for near in _nearest(many, prices.get(key))]

    def _refresh(self) -> None:
        if self._clock() - self._asked_at < ASK_EVERY:
            return
        fingerprint = AlertRule.objects.order_by().aggregate(**_FINGERPRINT)
        if fingerprint != self._fingerprint:
            rules = AlertRule.objects.filter(enabled=True).select_related("watched").order_by("id")
            self._all = tuple(map(_threshold, rules))
            self._fingerprint = fingerprint
        self._asked_at = self._clock()


def _threshold(rule: AlertRule) -> Threshold:
    watched = rule.watched
    return Threshold(
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
