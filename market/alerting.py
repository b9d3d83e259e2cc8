"""Decisions become rows: the rule's new state, the alert, a delivery for each recipient, the durable event; or nothing.

One transaction holds all of a batch. A state changes only from what the decision saw, so that a restart or a second
feed that decides the same writes it once: whoever comes second changes no row, and is told what holds instead.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from market.alert_text import alert_json, alert_text
from market.core.messages import StoredEvent
from market.core.rule import Decision, Frequency, Phase, Rule, RuleState
from market.core.viewer import alert_channel
from market.models import Alert, AlertRule, Audience, Delivery, Kind, Recipient, Severity
from market.rule_states import change_state, create_states, persisted_state

__all__ = [
    "FeedNews",
    "Finding",
    "Written",
    "alert_json",
    "alert_text",
    "close_digests",
    "write",
    "write_feed",
]

# How a durable event is stored (durable.store): it joins the transaction.
Store = Callable[[str, str], StoredEvent]

DIGEST_SECONDS = 10.0  # a digest waits so long for what else it will hold
LONGEST_TEXT = 300
AT_REST = (Phase.INACTIVE, Phase.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Finding:
    """A decision with what its alert says besides; all but the first two count only for one that fires.

    `words` is the rule's condition, `ticks` are the last [time_ms, price text] up to the decision, the oldest first.
    `withheld` says why there is no alert although it fires, `digest` names the digest it belongs into. `crossings` is
    more than one where several were put together because the database was away.
    """

    decision: Decision
    watched_id: int
    words: str = ""
    severity: str = Severity.WARNING
    audience: str = Audience.STAFF
    owner_id: int | None = None
    note: str = ""
    source: str = ""
    decided_at: datetime = field(default_factory=timezone.now)
    ticks: tuple[tuple[int, str], ...] = ()
    withheld: str = ""
    digest: str | None = None
    crossings: int = 1

    @property
    def name(self) -> str:
        """The identity of its alert, whoever decides and however often."""
        rule, after = self.decision.rule, self.decision.after
        return f"{rule.id}:{rule.version}:{rule.symbol}:{self.decision.time_ms}:{after.fires}"

    @property
    def alerts(self) -> bool:
        return self.decision.fires and not self.withheld


@dataclass(frozen=True, slots=True)
class FeedNews:
    """The feed is dead (`reason` says why), or alive again (no reason). `since_ms` names the outage."""

    exchange: str
    reason: str
    since_ms: int
    source: str
    at: datetime = field(default_factory=timezone.now)


@dataclass(slots=True)
class Written:
    """What came of a batch: events to publish, and the findings that somebody else was faster with.

    `lost` pairs each with what is persisted instead; None where the rule or its symbol is no more.
    """

    events: list[StoredEvent] = field(default_factory=list)
    lost: list[tuple[Finding, RuleState | None]] = field(default_factory=list)


def write(findings: Sequence[Finding], *, store: Store) -> Written:
    """Write these in their order, in one transaction. Synchronous; database errors propagate, nothing is kept then.

    What was written before is not written again.
    """
    written = Written()
    with transaction.atomic():
        rules = _living(findings)
        created = create_states((each.decision, each.watched_id) for each in findings if each.decision.rule.id in rules)
        recipients = _recipients(finding.decision.rule.id for finding in findings if finding.alerts)
        for finding in findings:
            decision, rule_id = finding.decision, finding.decision.rule.id
            new = (rule_id, finding.watched_id) in created and decision.before.phase is Phase.UNKNOWN
            if new or (rule_id in rules and change_state(decision, finding.watched_id)):
                _note_alert(finding, recipients[rule_id], store, written)
            else:
                written.lost.append((finding, persisted_state(rule_id, finding.watched_id)))
    return written


def _living(findings: Iterable[Finding]) -> set[int]:
    """The rules among these that are not deleted."""
    ids = {finding.decision.rule.id for finding in findings}
    return set(AlertRule.objects.filter(pk__in=ids).order_by().values_list("pk", flat=True))


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
        digests = digests.filter(decided_at__lt=now) if names is None else digests.filter(dedupe__in=_digests(names))
        for alert in digests:
            if Alert.objects.filter(pk=alert.pk, resolved_at=None).update(resolved_at=now):
                written.events.append(_store(alert, store))
    return written


def _note_alert(finding: Finding, recipients: Sequence[int], store: Store, written: Written) -> None:
    """The state is written; now what follows from it."""
    decision = finding.decision
    if decision.after.phase in AT_REST and decision.before.phase not in AT_REST:
        _resolve(decision)
    if _is_counted(finding):
        _count(decision)
    if not finding.alerts:
        return
    alert, new = Alert.objects.get_or_create(dedupe=finding.name, defaults=_alert_fields(finding))
    if not new:
        return
    if finding.digest is not None:
        _add_to_digest(finding, recipients)
        return
    _deliver(alert, Recipient.objects.filter(pk__in=recipients))
    written.events.append(_store(alert, store))


def _resolve(decision: Decision) -> None:
    _alerts_of(decision.rule).filter(resolved_at=None).update(resolved_at=_moment(decision.time_ms))


def _is_counted(finding: Finding) -> bool:
    """Whether it crossed, and only the interval of the rule forbids an alert."""
    before, after = finding.decision.before.phase, finding.decision.after.phase
    forbidden = finding.decision.rule.frequency is Frequency.INTERVAL and not finding.withheld
    return forbidden and not finding.decision.fires and after is Phase.FIRING is not before


def _count(decision: Decision) -> None:
    """The rule's last alert stands for this crossing too."""
    newest = _alerts_of(decision.rule).order_by("-id").values_list("pk")[:1]
    Alert.objects.filter(pk__in=newest).update(count=F("count") + 1)


def _alerts_of(rule: Rule) -> QuerySet[Alert]:
    return Alert.objects.filter(rule_id=rule.id, symbol=rule.symbol, exchange=rule.exchange, kind=Kind.PRICE)


def _add_to_digest(finding: Finding, recipients: Sequence[int]) -> None:
    """One more in the digest: its row exists from the first on, so that no crash makes a storm silent."""
    fields = _digest_fields(finding)
    digest, new = Alert.objects.get_or_create(dedupe=_digests([finding.digest or finding.name])[0], defaults=fields)
    if not new:
        Alert.objects.filter(pk=digest.pk).update(count=F("count") + finding.crossings)
    _deliver(
        digest,
        Recipient.objects.filter(pk__in=recipients),
        at=digest.decided_at + timedelta(seconds=DIGEST_SECONDS),
    )


def _recipients(rules: Iterable[int]) -> Mapping[int, list[int]]:
    """The enabled recipients of each rule."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    pairs = AlertRule.recipients.through.objects.filter(alertrule_id__in=set(rules), recipient__enabled=True)
    for rule, recipient in pairs.order_by("recipient_id").values_list("alertrule_id", "recipient_id"):
        found[rule].append(recipient)
    return found


def _deliver(alert: Alert, recipients: Iterable[Recipient], *, at: datetime | None = None) -> None:
    """Who has it to be sent already is not sent it twice."""
    rows = [
        Delivery(
            alert=alert,
            recipient=recipient,
            dedupe=f"{alert.dedupe}:{recipient.pk}",
            next_attempt_at=at or timezone.now(),
        )
        for recipient in recipients
    ]
    if rows:
        Delivery.objects.bulk_create(rows, ignore_conflicts=True)


def _store(alert: Alert, store: Store) -> StoredEvent:
    return store(alert_channel(alert.audience, alert.owner_id), alert_text(alert))


def _alert_fields(finding: Finding) -> dict[str, Any]:
    decision = finding.decision
    return {
        **_shared_fields(finding),
        "rule_id": decision.rule.id,
        "rule_version": decision.rule.version,
        "rule_text": finding.words[:LONGEST_TEXT],
        "symbol": decision.rule.symbol,
        "kind": Kind.PRICE,
        "price": decision.price,
        "previous_price": decision.previous,
        "late": decision.late,
        "why": "\n".join(filter(None, (decision.why, finding.note))),
        "count": finding.crossings,
        "ticks": [list(tick) for tick in finding.ticks],
    }


def _digest_fields(finding: Finding) -> dict[str, Any]:
    """It has no rule: it speaks of several."""
    return {
        **_shared_fields(finding),
        "kind": Kind.DIGEST,
        "rule_text": finding.words[:LONGEST_TEXT],
        "why": "many symbols at once: put together, each is a row of its own",
        "count": finding.crossings,
    }


def _shared_fields(finding: Finding) -> dict[str, Any]:
    return {
        "exchange": finding.decision.rule.exchange,
        "severity": finding.severity,
        "audience": finding.audience,
        "owner_id": finding.owner_id,
        "exchange_time": _moment(finding.decision.time_ms),
        "decided_at": finding.decided_at,
        "source": finding.source,
    }


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


def _digests(names: Iterable[str]) -> list[str]:
    return [f"digest:{name}" for name in names]


def _moment(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)
