"""The rows of what has to be delivered: who is next, who took it, how it went.

At least once: a row is taken for a while, and whoever dies with it leaves it to others. In order: of each recipient
only the oldest open delivery can be taken, also while it waits for its next attempt. One that is not to be sent before
some time, as a digest, stands in line from then on.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Count, F, Min, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import ngettext

from market.core.patience import DAY, jittered, pause_after
from market.models import Alert, Audience, Delivery, DeliveryAttempt, DeliveryState, Kind, Recipient, Severity
from market.zone import zoned

log = logging.getLogger(__name__)

OPEN = (DeliveryState.WAITING, DeliveryState.SENDING)
EXPIRED_AT_ONCE = 500  # rows in one transaction
OVERDUE = 60.0  # seconds: who is due so long is one that nobody works for


@dataclass(frozen=True, slots=True)
class Terms:
    """How long we try. Pauses in seconds: see `core/patience`.

    `few` attempts where the other side says that the message is wrong. A recipient is disabled after `too_many`
    failed attempts in a row that took `too_long`.
    """

    lease: timedelta = timedelta(seconds=30)
    first_pause: float = 5.0
    longest_pause: float = 3600.0
    within: float = DAY
    few: int = 5
    too_many: int = 15
    too_long: timedelta = timedelta(hours=6)

    def pause_after(self, attempts: int) -> float | None:
        return pause_after(attempts, first=self.first_pause, longest=self.longest_pause, within=self.within)


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt went. `problem` is empty where it was delivered; `last`: nothing will come of trying again."""

    at: datetime
    duration_ms: int
    status: int | None = None
    excerpt: str = ""
    problem: str = ""
    last: bool = False
    few: bool = False
    gone: bool = False
    retry_after: float | None = None


def due(now: datetime) -> list[tuple[int, int]]:
    """Recipients whose next delivery is due, longest due first, with how often they failed in a row."""
    heads = Delivery.objects.filter(_in_line(now)).order_by().values("recipient").annotate(head=Min("pk"))
    rows = Delivery.objects.filter(_is_due(now), pk__in=heads.values("head"), recipient__enabled=True)
    return list(rows.order_by("next_attempt_at").values_list("recipient_id", "recipient__failures"))


@dataclass(frozen=True, slots=True)
class Unsent:
    """Deliveries that nobody works on, and since when the first of them is due."""

    count: int
    since: datetime

    def __str__(self) -> str:
        words = ngettext(
            "%(count)s delivery waits since %(time)s: no sendalerts runs",
            "%(count)s deliveries wait since %(time)s: no sendalerts runs",
            self.count,
        )
        return words % {"count": self.count, "time": zoned(self.since)}


def unsent(now: datetime | None = None) -> Unsent | None:
    """What is due for OVERDUE seconds without that anybody took it; None while deliveries are worked on."""
    then = (now or timezone.now()) - timedelta(seconds=OVERDUE)
    recipients = [recipient for recipient, _ in due(then)]
    if not recipients:
        return None
    rows = Delivery.objects.filter(_is_due(then), recipient__in=recipients)
    found = rows.order_by().aggregate(count=Count("pk"), since=Min(Coalesce("taken_until", "next_attempt_at")))
    return Unsent(**found) if found["count"] else None


def take(recipient: int, *, now: datetime, lease: timedelta) -> Delivery | None:
    """The recipient's next delivery, ours until `now + lease`; None when it is not due or somebody else has it."""
    with transaction.atomic():
        if not _lock(recipient):
            return None
        line = Delivery.objects.filter(_in_line(now), recipient=recipient, recipient__enabled=True)
        head = line.order_by("pk").first()
        if head is None or not _due_now(head, now):
            return None
        # Where rows cannot be locked, the count settles who was first.
        unchanged = {"state": head.state, "attempts": head.attempts, "taken_until": head.taken_until}
        ours = Delivery.objects.filter(pk=head.pk, **unchanged).update(
            state=DeliveryState.SENDING, attempts=F("attempts") + 1, taken_until=now + lease
        )
    if not ours:
        return None
    return Delivery.objects.select_related("alert__rule", "recipient").get(pk=head.pk)


def renew(taken: Iterable[int], *, now: datetime, lease: timedelta) -> None:
    """These deliveries are still being sent."""
    Delivery.objects.filter(pk__in=taken, state=DeliveryState.SENDING).update(taken_until=now + lease)


def note(delivery: Delivery, attempt: Attempt, *, now: datetime, terms: Terms, chance: float) -> Alert | None:
    """Write how it went, and what follows from that: the alert that a recipient was disabled, if it was.

    `chance` in 0..1 spreads the next attempt. Inside a transaction of the caller's it is part of that.
    """
    with transaction.atomic():
        excerpt = "\n".join(filter(None, [attempt.problem, attempt.excerpt]))
        DeliveryAttempt.objects.create(
            delivery=delivery,
            at=attempt.at,
            ok=not attempt.problem,
            status=attempt.status,
            duration_ms=attempt.duration_ms,
            excerpt=excerpt,
        )
        if attempt.problem:
            return _note_failed(delivery, attempt, now=now, terms=terms, chance=chance)
        _note_delivered(delivery, now)
    return None


def give_up_on_disabled(now: datetime, *, within: float = DAY) -> int:
    """Alerts that waited a day for a disabled recipient are not sent any more; how many. Staff can redeliver them."""
    too_old = now - timedelta(seconds=within)
    rows = Delivery.objects.filter(
        state=DeliveryState.WAITING,
        recipient__enabled=False,
        alert__decided_at__lt=too_old,
        next_attempt_at__lt=too_old,
    )
    with transaction.atomic():
        given_up = list(rows.order_by("pk").values_list("pk", flat=True)[:EXPIRED_AT_ONCE])
        Delivery.objects.filter(pk__in=given_up).update(state=DeliveryState.DEAD)
        reason = "given up: the recipient was disabled for a day"
        DeliveryAttempt.objects.bulk_create(
            DeliveryAttempt(delivery_id=pk, at=now, ok=False, excerpt=reason) for pk in given_up
        )
    return len(given_up)


def _in_line(now: datetime) -> Q:
    """What has to be sent before anything newer of its recipient."""
    return Q(state__in=OPEN) & (Q(attempts__gt=0) | Q(next_attempt_at__lte=now))


def _due_now(delivery: Delivery, now: datetime) -> bool:
    if delivery.state == DeliveryState.WAITING:
        return delivery.next_attempt_at <= now
    return delivery.taken_until is None or delivery.taken_until < now


def _is_due(now: datetime) -> Q:
    """The same for the database."""
    waiting = Q(state=DeliveryState.WAITING, next_attempt_at__lte=now)
    sending = Q(state=DeliveryState.SENDING) & (Q(taken_until__lt=now) | Q(taken_until=None))
    return waiting | sending


def _lock(recipient: int) -> bool:
    """Keep others from this recipient until the transaction ends; False when one of them is at it.

    The recipient and not the delivery: who skips a locked delivery would take the one behind it.
    """
    if not connection.features.has_select_for_update_skip_locked:
        return True
    # NO KEY: new deliveries may refer to it meanwhile.
    rows = Recipient.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=recipient)
    return bool(list(rows.order_by().values_list("pk")))


def _note_delivered(delivery: Delivery, now: datetime) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.DELIVERED, delivered_at=now, taken_until=None)
    Recipient.objects.filter(pk=delivery.recipient_id).exclude(failures=0, failing_since=None).update(
        failures=0, failing_since=None
    )


def _note_failed(delivery: Delivery, attempt: Attempt, *, now: datetime, terms: Terms, chance: float) -> Alert | None:
    pause = terms.pause_after(delivery.attempts)
    if attempt.last or pause is None or (attempt.few and delivery.attempts >= terms.few):
        state, next_attempt_at = DeliveryState.DEAD, now
    else:
        wait = max(jittered(pause, chance), min(attempt.retry_after or 0.0, DAY))
        state, next_attempt_at = DeliveryState.WAITING, now + timedelta(seconds=wait)
    # Only while it is being sent: somebody else may have delivered it after we were too slow.
    Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.SENDING).update(
        state=state, next_attempt_at=next_attempt_at, taken_until=None
    )
    failing = Recipient.objects.filter(pk=delivery.recipient_id)
    failing.update(failures=F("failures") + 1, failing_since=Coalesce("failing_since", Value(now)))
    recipient = failing.get()
    since = recipient.failing_since or now
    if attempt.gone:
        return _disable(recipient, attempt.problem, now)
    if recipient.failures >= terms.too_many and now - since >= terms.too_long:
        return _disable(recipient, f"{recipient.failures} failures in a row since {since:%Y-%m-%d %H:%M} UTC", now)
    return None


def _disable(recipient: Recipient, reason: str, now: datetime) -> Alert | None:
    """Once; and staff hear of it from others."""
    still_on = Recipient.objects.filter(pk=recipient.pk, enabled=True)
    if not still_on.update(enabled=False, disabled_reason=reason[:300]):
        return None
    log.warning("recipient %s is disabled: %s", recipient.name, reason)
    alert = Alert.objects.create(
        kind=Kind.RECIPIENT,
        severity=Severity.CRITICAL,
        audience=Audience.STAFF,
        exchange="",
        why=f"Recipient {recipient.name} was disabled: {reason}",
        exchange_time=now,
        decided_at=now,
        dedupe=f"recipient:{recipient.pk}:{int(now.timestamp() * 1000)}",
    )
    others = Recipient.objects.filter(enabled=True, tells_staff=True).exclude(pk=recipient.pk)
    Delivery.objects.bulk_create(
        Delivery(alert=alert, recipient=other, dedupe=f"{alert.dedupe}:{other.pk}", next_attempt_at=now)
        for other in others
    )
    return alert
