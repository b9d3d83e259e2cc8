"""Decisions become rows: the rule's new state, the alert, a delivery for each recipient, the durable event; or nothing.

One transaction holds all of a batch, in a dozen statements however many there are. A state changes only from what the
decision saw, so that a restart or a second feed that decides the same writes it once: whoever comes second changes no
row, and is told what holds instead.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.utils import timezone

from market import bulk_rows
from market.alert_text import alert_text
from market.core.messages import StoredEvent
from market.core.rule import RuleKey
from market.core.viewer import alert_channel
from market.finding import Finding, Written, alert_of, digest_of
from market.models import Alert, AlertRule, Delivery, Kind, RuleState, WatchedSymbol
from market.rule_states import change_states

__all__ = ["write"]

# How durable events are stored (durable.store_all): (channel, text) each, in the transaction.
Store = Callable[[Sequence[tuple[str, str]]], list[StoredEvent]]

AT_ONCE = 1000  # findings in a statement: databases bound its parameters
DIGEST_SECONDS = 10.0  # a digest waits so long for what else it will hold


@dataclass(slots=True)
class _Batch:
    """What a batch makes of what is there. `existing` has those of its alerts and digests that are rows already."""

    existing: Mapping[str, Alert]
    new: dict[str, Alert] = field(default_factory=dict)
    newest: dict[RuleKey, Alert] = field(default_factory=dict)  # of `new`, for each rule
    told: list[Alert] = field(default_factory=list)
    to_send: list[tuple[str, int, datetime | None]] = field(default_factory=list)  # alert, rule, not before
    resolved: dict[RuleKey, datetime] = field(default_factory=dict)  # of rows that are there
    counted: Counter[tuple[int, int]] = field(default_factory=Counter)  # rule and symbol, of rows that are there
    held: Counter[str] = field(default_factory=Counter)  # in digests that are there


def write(findings: Sequence[Finding], *, store: Store) -> Written:
    """Write these in their order, in one transaction. Synchronous; database errors propagate, nothing is kept then.

    What was written before is not written again.
    """
    written = Written()
    with transaction.atomic():
        for start in range(0, len(findings), AT_ONCE):
            won = _settle(findings[start : start + AT_ONCE], written)
            batch = _Batch(_existing(won))
            for finding in won:
                _note(finding, batch)
            written.events += _write(batch, store)
    return written


def _write(batch: _Batch, store: Store) -> list[StoredEvent]:
    _end(batch.resolved)
    _count(batch)
    bulk_rows.insert(batch.new.values())
    _send(batch)
    texts = [(alert_channel(alert.audience, alert.owner_id), alert_text(alert)) for alert in batch.told]
    return store(texts) if texts else []


def _settle(findings: Sequence[Finding], written: Written) -> list[Finding]:
    """Those whose states were written; the others are lost."""
    rules, symbols = _living(findings)
    alive = [each for each in findings if each.decision.rule.id in rules and each.watched_id in symbols]
    answers = iter(change_states([(each.decision, each.watched_id) for each in alive]))
    won = []
    for finding in findings:
        known = finding.decision.rule.id in rules and finding.watched_id in symbols
        first, state = next(answers) if known else (False, None)
        if first:
            won.append(finding)
        else:
            written.lost.append((finding, state))
    return won


def _living(findings: Iterable[Finding]) -> tuple[set[int], set[int]]:
    """The rules and symbols among these that are not deleted."""
    rules = {finding.decision.rule.id for finding in findings}
    symbols = {finding.watched_id for finding in findings}
    return (
        set(AlertRule.objects.filter(pk__in=rules).order_by().values_list("pk", flat=True)),
        set(WatchedSymbol.objects.filter(pk__in=symbols).order_by().values_list("pk", flat=True)),
    )


def _existing(findings: Iterable[Finding]) -> dict[str, Alert]:
    names = {name for each in findings if each.alerts for name in (each.name, each.digest_name) if name is not None}
    rows = Alert.objects.filter(dedupe__in=names).order_by().only("dedupe", "decided_at") if names else ()
    return {alert.dedupe: alert for alert in rows}


def _note(finding: Finding, batch: _Batch) -> None:
    """The state is written; now what follows from it, in memory."""
    key = finding.decision.rule.key
    newest = batch.newest.get(key)
    if finding.resolves:
        batch.resolved.setdefault(key, finding.moment)
        if newest is not None and newest.resolved_at is None:
            newest.resolved_at = finding.moment
    if finding.is_counted:
        if newest is None:
            batch.counted[finding.decision.rule.id, finding.watched_id] += 1
        else:
            newest.count += 1
    if finding.alerts and finding.name not in batch.existing and finding.name not in batch.new:
        alert = batch.new[finding.name] = batch.newest[key] = alert_of(finding)
        if finding.digest_name is None:
            batch.told.append(alert)
            batch.to_send.append((finding.name, finding.decision.rule.id, None))
        else:
            _add_to_digest(finding, finding.digest_name, batch)


def _add_to_digest(finding: Finding, name: str, batch: _Batch) -> None:
    """One more in the digest: its row exists from the first on, so that no crash makes a storm silent."""
    digest = batch.existing.get(name) or batch.new.get(name)
    if digest is None:
        digest = batch.new[name] = digest_of(finding)
    elif name in batch.existing:
        batch.held[name] += finding.crossings
    else:
        digest.count += finding.crossings
    not_before = digest.decided_at + timedelta(seconds=DIGEST_SECONDS)
    batch.to_send.append((name, finding.decision.rule.id, not_before))


def _end(resolved: Mapping[RuleKey, datetime]) -> None:
    rows = Alert.objects.filter(rule__in={rule for rule, _, _ in resolved}, kind=Kind.PRICE, resolved_at=None)
    found = rows.order_by().values_list("pk", "rule_id", "exchange", "symbol") if resolved else []
    ended = [
        (pk, resolved[rule, exchange, name]) for pk, rule, exchange, name in found if (rule, exchange, name) in resolved
    ]
    bulk_rows.update(Alert, ["resolved_at"], ended)


def _count(batch: _Batch) -> None:
    """The last alert of a rule stands for these crossings too; a digest that is there holds more."""
    last = Alert.objects.filter(
        rule=OuterRef("rule"), exchange=OuterRef("watched__exchange"), symbol=OuterRef("watched__symbol")
    )
    newest = Subquery(last.filter(kind=Kind.PRICE).order_by("-pk").values("pk")[:1])
    states = RuleState.objects.filter(rule__in={rule for rule, _ in batch.counted}).annotate(newest=newest)
    more: defaultdict[int, list[int]] = defaultdict(list)
    for rule, watched, pk in states.values_list("rule", "watched", "newest") if batch.counted else []:
        more[batch.counted[rule, watched]].append(pk)
    for name, count in batch.held.items():
        more[count].append(batch.existing[name].pk)
    for count, alerts in more.items():
        if count:
            Alert.objects.filter(pk__in=alerts).update(count=F("count") + count)


def _send(batch: _Batch) -> None:
    """Deliveries in the order of the alerts. Who has one to be sent already is not sent it twice."""
    recipients = _recipients(rule for _, rule, _ in batch.to_send)
    now = timezone.now()
    rows: dict[str, Delivery] = {}
    for name, rule, not_before in batch.to_send:
        alert = batch.new.get(name) or batch.existing[name]
        for each in recipients[rule]:
            row = Delivery(alert_id=alert.pk, recipient_id=each, next_attempt_at=not_before or now)
            row.dedupe = f"{name}:{each}"
            rows.setdefault(row.dedupe, row)
    bulk_rows.insert(rows.values(), ignore_conflicts=True)


def _recipients(rules: Iterable[int]) -> Mapping[int, list[int]]:
    """The enabled recipients of each rule."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    pairs = AlertRule.recipients.through.objects.filter(alertrule_id__in=set(rules), recipient__enabled=True)
    for rule, recipient in pairs.order_by("recipient_id").values_list("alertrule_id", "recipient_id"):
        found[rule].append(recipient)
    return found
