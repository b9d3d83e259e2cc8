"""Alerts that are not of one rule: of the feed itself, and of a storm once it is over. All others: `crossings`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from market.alert_text import alert_text
from market.core.messages import StoredEvent
from market.core.viewer import alert_channel
from market.finding import Written, digest_names
from market.models import Alert, Audience, Delivery, Kind, Recipient, Severity

__all__ = ["FeedNews", "close_digests", "write_feed"]

# How a durable event is stored (durable.store): it joins the transaction.
Store = Callable[[str, str], StoredEvent]


@dataclass(frozen=True, slots=True)
class FeedNews:
    """The feed is dead (`reason` says why), or alive again (no reason). `since_ms` names the outage."""

    exchange: str
    reason: str
    since_ms: int
    source: str
    at: datetime = field(default_factory=timezone.now)


def write_feed(news: FeedNews, *, store: Store) -> Written:
    """One alert when the feed dies and one when it is back, whoever notices and how often."""
    written = Written()
    with transaction.atomic():
        open_ones = Alert.objects.filter(kind=Kind.FEED, exchange=news.exchange, rule=None, resolved_at=None)
        name = open_ones.values_list("dedupe", flat=True).first()
        if news.reason and name is not None:
            return written
        if not news.reason and (name is None or not open_ones.update(resolved_at=news.at)):
            return written
        name = f"{name}:back" if name else f"feed:{news.exchange}:{news.since_ms}:dead"
        alert, new = Alert.objects.get_or_create(dedupe=name, defaults=_feed_fields(news))
        if new:
            _deliver(alert, Recipient.objects.filter(enabled=True, tells_staff=True))
            written.events.append(_store(alert, store))
    return written


def close_digests(names: Iterable[str] | None, *, store: Store, now: datetime | None = None) -> Written:
    """Say how many alerts a digest holds, once it takes no more. None: all that an earlier process left open."""
    now = now or timezone.now()
    written = Written()
    with transaction.atomic():
        digests = Alert.objects.filter(kind=Kind.DIGEST, resolved_at=None).order_by("id")
        digests = (
            digests.filter(decided_at__lt=now) if names is None else digests.filter(dedupe__in=digest_names(names))
        )
        for alert in digests:
            if Alert.objects.filter(pk=alert.pk, resolved_at=None).update(resolved_at=now):
                written.events.append(_store(alert, store))
    return written


def _deliver(alert: Alert, recipients: Iterable[Recipient]) -> None:
    """Who has it to be sent already is not sent it twice."""
    rows = [Delivery(alert=alert, recipient=each, dedupe=f"{alert.dedupe}:{each.pk}") for each in recipients]
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)


def _store(alert: Alert, store: Store) -> StoredEvent:
    return store(alert_channel(alert.audience, alert.owner_id), alert_text(alert))


def _feed_fields(news: FeedNews) -> dict[str, Any]:
    """For staff. The one that says it is back is over as soon as it is said."""
    return {
        "exchange": news.exchange,
        "kind": Kind.FEED,
        "severity": Severity.CRITICAL if news.reason else Severity.INFO,
        "audience": Audience.STAFF,
        "exchange_time": news.at,
        "decided_at": news.at,
        "source": news.source,
        "why": f"no prices of {news.exchange}: {news.reason}" if news.reason else f"prices of {news.exchange} are back",
        "resolved_at": None if news.reason else news.at,
    }
