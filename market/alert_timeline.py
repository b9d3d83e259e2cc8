"""One alert in words: its line in the list, and the story on its own page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext

from market.alert_list import state_of
from market.alert_text import text_of
from market.core import display
from market.core.rule import Condition
from market.core.viewer import Viewer
from market.models import Alert, Delivery, DeliveryAttempt
from market.models.alert_rule import PERCENT, plain
from market.phrases import phrase
from market.tick_chart import TickChart, draw
from market.watchlist import Watched

# An icon beside the word, so that colour is never alone.
ICONS = {"info": "i", "warning": "!", "critical": "\u203c"}
TICKS_SHOWN = 12  # in the table; the drawing has all


@dataclass(frozen=True, slots=True)
class AlertLine:
    """What the list says of an alert. `may_settle`: this viewer has buttons for it."""

    alert: Alert
    text: str
    icon: str
    price: str
    digits: int | None
    state: str
    may_settle: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened. `kind` is for its looks."""

    at: datetime
    kind: str
    title: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class TickLine:
    at: datetime
    price: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """`ticks` are the last ones, the newest last; `chart` is None where no tick was kept."""

    moments: tuple[Moment, ...]
    ticks: tuple[TickLine, ...]
    chart: TickChart | None


def line(alert: Alert, viewer: Viewer, watched: Sequence[Watched], now: datetime) -> AlertLine:
    digits = next((row.digits for row in watched if (row.exchange, row.symbol) == (alert.exchange, alert.symbol)), None)
    state = state_of(alert, now)
    return AlertLine(
        alert=alert,
        text=phrase(text_of(alert)),
        icon=ICONS.get(alert.severity, "!"),
        price="" if alert.price is None else display.price(plain(alert.price), digits),
        digits=digits,
        state=state,
        may_settle=state != "acknowledged" and viewer.may_settle(alert.owner_id),
    )


def timeline(alert: Alert, viewer: Viewer, shown: AlertLine) -> Timeline:
    """Synchronous. Deliveries are for staff alone."""
    chart = draw(alert.ticks, _levels(alert))
    points = () if chart is None else chart.ticks[-TICKS_SHOWN:]
    ticks = tuple(
        TickLine(datetime.fromtimestamp(point.time_ms / 1000, alert.exchange_time.tzinfo), _price(point.price, shown))
        for point in points
    )
    moments = [*_decided(alert, shown), *_settled(alert), *(_deliveries(alert) if viewer.is_staff else [])]
    return Timeline(tuple(sorted(moments, key=lambda moment: moment.at)), ticks, chart)


def _levels(alert: Alert) -> list[Decimal]:
    """The prices that the rule watched, while it is still the one that fired."""
    rule = alert.rule
    if rule is None or rule.version != alert.rule_version or Condition(rule.condition) in PERCENT:
        return []
    return [rule.threshold] if rule.upper is None else [rule.threshold, rule.upper]


def _price(text: str, shown: AlertLine) -> str:
    return display.price(text, shown.digits)


def _decided(alert: Alert, shown: AlertLine) -> list[Moment]:
    prices = {"price": shown.price}
    words = gettext("Price %(price)s")
    if alert.previous_price is not None:
        prices["before"] = _price(plain(alert.previous_price), shown)
        words = gettext("Price %(price)s, from %(before)s before")
    came = [Moment(alert.exchange_time, "tick", words % prices, _source(alert))] if shown.price else []
    took = round((alert.decided_at - alert.exchange_time).total_seconds() * 1000)
    decided = gettext("Decided %(time)s after it happened.") % {"time": _duration(took)}
    late = gettext("Late: it happened while nobody looked.") if alert.late else ""
    return [*came, Moment(alert.decided_at, "decided", shown.text, f"{late} {decided}".strip())]


def _source(alert: Alert) -> str:
    where = gettext("on %(exchange)s") % {"exchange": alert.exchange} if alert.exchange else ""
    return " ".join(filter(None, (where, f"({phrase(alert.source)})" if alert.source else "")))


def _settled(alert: Alert) -> list[Moment]:
    moments = []
    if alert.resolved_at is not None:
        moments.append(
            Moment(alert.resolved_at, "resolved", gettext("Resolved"), gettext("The condition no longer holds."))
        )
    if alert.acknowledged_at is not None:
        by = alert.acknowledged_name
        title = gettext("Acknowledged by %(name)s") % {"name": by} if by else gettext("Acknowledged")
        through = gettext("The link in what was sent there.") if alert.acknowledged_through else ""
        moments.append(Moment(alert.acknowledged_at, "acknowledged", title, through))
    if alert.snoozed_until is not None and alert.acknowledged_at is None:
        moments.append(Moment(alert.snoozed_until, "snoozed", gettext("Snoozed until then")))
    return moments


def _deliveries(alert: Alert) -> list[Moment]:
    moments = []
    rows = Delivery.objects.filter(alert=alert).select_related("recipient").prefetch_related("log").order_by("id")
    for delivery in rows:
        to = f"{delivery.recipient.name} ({delivery.recipient.get_kind_display()})"
        attempts = list(delivery.log.all())
        for count, attempt in enumerate(attempts, 1):
            moments.append(_attempt(attempt, count, to))
        if delivery.state == "dead":
            moments.append(
                Moment(
                    attempts[-1].at if attempts else alert.decided_at,
                    "failed",
                    gettext("Given up: %(recipient)s") % {"recipient": to},
                )
            )
        elif delivery.state != "delivered":
            title = gettext("Next attempt to %(recipient)s") % {"recipient": to}
            moments.append(Moment(delivery.next_attempt_at, "waiting", title, gettext("waiting")))
    return moments


def _attempt(attempt: DeliveryAttempt, count: int, to: str) -> Moment:
    title = gettext("Attempt %(count)s delivered to %(recipient)s")
    if not attempt.ok:
        title = gettext("Attempt %(count)s failed to %(recipient)s")
    status = gettext("status %(status)s") % {"status": attempt.status} if attempt.status else ""
    words = ", ".join(filter(None, [status, _duration(attempt.duration_ms), phrase(attempt.excerpt)]))
    return Moment(attempt.at, "ok" if attempt.ok else "failed", title % {"count": count, "recipient": to}, words)


def _duration(ms: int) -> str:
    return (
        gettext("%(count)s ms") % {"count": ms} if abs(ms) < 10_000 else gettext("%(count)s s") % {"count": ms // 1000}
    )
