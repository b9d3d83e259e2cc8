"""The list of alerts as people ask for it: what it is filtered by, and which page of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import Q, QuerySet

from market.core.symbol import normalise
from market.models import Alert, Severity

PAGE = 50  # alerts
STATES = ("active", "acknowledged", "snoozed", "resolved")
_HIGHEST = 2**63 - 1  # of a row's id


@dataclass(frozen=True, slots=True)
class Question:
    """What a reader asks for; nonsense counts as not asked. `before` and `after` are ids: the page beside them."""

    symbol: str = ""  # as the exchange writes it; BTC/USDT, as the board does, means the same
    state: str = ""
    severity: str = ""
    before: int | None = None
    after: int | None = None

    @property
    def filters(self) -> dict[str, str]:
        named = {"symbol": self.symbol, "state": self.state, "severity": self.severity}
        return {name: value for name, value in named.items() if value}

    def address(self, **place: int) -> str:
        """The query string of the same question at another place."""
        return f"?{urlencode({**self.filters, **place})}"


@dataclass(frozen=True, slots=True)
class Page:
    """Newest first. `newer` and `older` are query strings, empty where there is nothing."""

    alerts: tuple[Alert, ...]
    newer: str
    older: str


def read_question(query: Mapping[str, str]) -> Question:
    state, severity = query.get("state", ""), query.get("severity", "")
    return Question(
        symbol=normalise(query.get("symbol", "").replace("/", ""))[:64],
        state=state if state in STATES else "",
        severity=severity if severity in Severity.values else "",
        before=_number(query.get("before", "")),
        after=_number(query.get("after", "")),
    )


def state_of(alert: Alert, now: datetime) -> str:
    """One of STATES: what people did comes before what the price did."""
    if alert.acknowledged_at is not None:
        return "acknowledged"
    if alert.snoozed_until is not None and alert.snoozed_until > now:
        return "snoozed"
    return "active" if alert.resolved_at is None else "resolved"


def waiting(now: datetime) -> Q:
    """Alerts that nobody has taken on: active or resolved, and not snoozed now."""
    return Q(acknowledged_at=None) & (Q(snoozed_until=None) | Q(snoozed_until__lte=now))


def find(alerts: QuerySet[Alert], question: Question, now: datetime) -> Page:
    """A page of `alerts` by the ids beside it: as fast in the middle of a million as at their end."""
    found = filtered(alerts, question, now).select_related("acknowledged_by")
    if question.after is not None and question.before is None:
        rows = list(reversed(found.filter(pk__gt=question.after).order_by("pk")[: PAGE + 1]))
        has_newer, has_older, rows = len(rows) > PAGE, True, rows[-PAGE:]
        if not rows:
            return find(alerts, Question(question.symbol, question.state, question.severity), now)
    else:
        below = found if question.before is None else found.filter(pk__lt=question.before)
        rows = list(below.order_by("-pk")[: PAGE + 1])
        has_newer, has_older, rows = question.before is not None, len(rows) > PAGE, rows[:PAGE]
    return Page(
        tuple(rows),
        newer=_newer(question, rows) if has_newer else "",
        older=question.address(before=rows[-1].pk) if has_older and rows else "",
    )


def filtered(alerts: QuerySet[Alert], question: Question, now: datetime) -> QuerySet[Alert]:
    if question.symbol:
        alerts = alerts.filter(symbol=question.symbol)
    if question.severity:
        alerts = alerts.filter(severity=question.severity)
    match question.state:
        case "acknowledged":
            return alerts.exclude(acknowledged_at=None)
        case "snoozed":
            return alerts.filter(acknowledged_at=None, snoozed_until__gt=now)
        case "active" | "resolved" as state:
            return alerts.filter(waiting(now), resolved_at__isnull=state == "active")
    return alerts


def _newer(question: Question, rows: list[Alert]) -> str:
    """Above the first one that is shown; where nothing is shown, the page that this one lies below."""
    edge = rows[0].pk if rows else (question.before or 1) - 1
    return question.address(after=edge)


def _number(text: str) -> int | None:
    if not (text.isascii() and text.isdecimal()) or len(text) > 19:
        return None
    return min(int(text), _HIGHEST)
