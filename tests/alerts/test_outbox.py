"""The outbox: who is next, who has it, and what follows from how it went."""

from datetime import datetime, timedelta

import pytest

from market import outbox
from market.models import Alert, Delivery, DeliveryAttempt, DeliveryState, Recipient
from market.outbox import Attempt, Terms
from tests.support.alert_rows import NOON, alert, delivery, recipient

pytestmark = pytest.mark.django_db
LEASE = timedelta(seconds=30)
TERMS = Terms(too_many=3, too_long=timedelta(minutes=10))
FAILED = Attempt(NOON, 5, 500, "oops", problem="the webhook answered 500")


def take(to: Recipient, *, at: datetime = NOON) -> Delivery | None:
    return outbox.take(to.pk, now=at, lease=LEASE)


def taken(to: Recipient, *, at: datetime = NOON) -> Delivery:
    found = take(to, at=at)
    assert found is not None
    return found


def note(row: Delivery, attempt: Attempt, *, at: datetime = NOON) -> Delivery:
    outbox.note(row, attempt, now=at, terms=TERMS, chance=0.5)
    row.refresh_from_db()
    return row


def test_the_oldest_delivery_of_a_recipient_is_taken_first() -> None:
    desk = recipient()
    first, second = delivery(desk), delivery(desk)

    assert outbox.due(NOON) == [(desk.pk, 0)]
    assert taken(desk) == first
    assert outbox.due(NOON) == []
    assert take(desk) is None
    note(first, Attempt(NOON, 5, 200, "thanks"))
    assert taken(desk) == second


def test_what_was_delivered_is_in_the_log() -> None:
    row = note(taken(delivery(recipient()).recipient), Attempt(NOON, 5, 200, "thanks"))

    (logged,) = DeliveryAttempt.objects.all()
    assert (row.state, row.attempts, row.delivered_at, row.taken_until) == (DeliveryState.DELIVERED, 1, NOON, None)
    assert (logged.ok, logged.status, logged.duration_ms, logged.excerpt) == (True, 200, 5, "thanks")


def test_after_a_failure_the_next_attempt_waits_and_holds_the_line() -> None:
    desk = recipient()
    first = delivery(desk)
    delivery(desk)

    row = note(taken(desk), FAILED)

    assert (row.state, row.next_attempt_at) == (DeliveryState.WAITING, NOON + timedelta(seconds=5))
    assert take(desk, at=NOON + timedelta(seconds=4)) is None
    assert taken(desk, at=NOON + timedelta(seconds=5)) == first
    assert DeliveryAttempt.objects.get().excerpt == "the webhook answered 500\noops"


def test_one_recipient_that_fails_holds_up_no_other() -> None:
    failing, fine = recipient(), recipient()
    delivery(failing)
    note(taken(failing), FAILED)
    row = delivery(fine)

    assert outbox.due(NOON) == [(fine.pk, 0)]
    assert taken(fine) == row


def test_who_died_with_a_delivery_leaves_it_to_others() -> None:
    desk = recipient()
    row = delivery(desk)
    taken(desk)

    assert take(desk, at=NOON + LEASE) is None
    assert outbox.due(NOON + LEASE * 2) == [(desk.pk, 0)]
    assert taken(desk, at=NOON + LEASE * 2) == row


def test_who_is_still_sending_keeps_it() -> None:
    desk = recipient()
    row = delivery(desk)
    taken(desk)
    outbox.renew([row.pk], now=NOON + LEASE, lease=LEASE)

    assert take(desk, at=NOON + LEASE * 1.5) is None


def test_a_digest_stands_in_line_only_from_its_time_on() -> None:
    desk = recipient()
    digest = delivery(desk, next_attempt_at=NOON + timedelta(seconds=10))
    row = delivery(desk)

    assert taken(desk) == row
    note(row, Attempt(NOON, 5))
    assert take(desk) is None
    assert taken(desk, at=NOON + timedelta(seconds=10)) == digest


def test_the_other_side_may_ask_for_more_time_but_not_for_ever() -> None:
    desk = recipient()
    delivery(desk)

    patient = note(taken(desk), Attempt(NOON, 5, 429, problem="429", retry_after=120))
    assert patient.next_attempt_at == NOON + timedelta(seconds=120)
    later = patient.next_attempt_at
    row = note(taken(desk, at=later), Attempt(later, 5, 429, problem="429", retry_after=1e9), at=later)
    assert row.next_attempt_at == later + timedelta(days=1)


def test_a_permanent_failure_is_given_up_at_once() -> None:
    row = note(taken(delivery(recipient()).recipient), Attempt(NOON, 5, 550, problem="550", last=True))

    assert (row.state, row.recipient.enabled) == (DeliveryState.DEAD, True)


def test_a_message_that_is_refused_is_tried_a_few_times() -> None:
    desk = recipient()
    row = delivery(desk)
    at = NOON
    for _ in range(TERMS.few):
        assert row.state != DeliveryState.DEAD
        row = note(taken(desk, at=at), Attempt(at, 5, 404, problem="404", few=True), at=at)
        at = row.next_attempt_at

    assert row.state == DeliveryState.DEAD


def test_after_a_day_it_is_given_up() -> None:
    terms = Terms(too_many=10_000)
    desk = recipient()
    row = delivery(desk)
    at = NOON
    while row.state != DeliveryState.DEAD:
        outbox.note(taken(desk, at=at), FAILED, now=at, terms=terms, chance=0.5)
        row.refresh_from_db()
        at = max(at, row.next_attempt_at)

    assert timedelta(hours=22) < at - NOON <= timedelta(hours=24)
    assert row.attempts == DeliveryAttempt.objects.count() > 20


def test_one_that_keeps_failing_is_disabled_and_another_is_told() -> None:
    failing, staff, other = recipient(name="hook"), recipient(tells_staff=True), recipient()
    delivery(failing)
    at = NOON
    for _ in range(TERMS.too_many):
        at += timedelta(minutes=10)
        note(taken(failing, at=at), FAILED, at=at)

    failing.refresh_from_db()
    (told,) = Delivery.objects.exclude(recipient=failing)
    assert (failing.enabled, failing.failures) == (False, 3)
    assert "3 failures in a row since 2026-01-10 12:10 UTC" in failing.disabled_reason
    assert told.recipient == staff
    assert told.alert.why.startswith("Recipient hook was disabled: 3 failures")
    assert (told.alert.audience, told.alert.severity) == ("staff", "critical")
    assert other.deliveries.count() == 0
    assert outbox.due(at + timedelta(days=1)) == [(staff.pk, 0)]


def test_many_failures_in_a_short_time_disable_nobody() -> None:
    desk = recipient()
    delivery(desk)
    at = NOON
    for _ in range(TERMS.too_many + 1):
        row = note(taken(desk, at=at), FAILED, at=at)
        at = row.next_attempt_at

    desk.refresh_from_db()
    assert desk.enabled and desk.failures > TERMS.too_many


def test_one_success_forgets_the_failures() -> None:
    desk = recipient(failures=7, failing_since=NOON)
    delivery(desk)

    note(taken(desk), Attempt(NOON, 5, 200))

    desk.refresh_from_db()
    assert (desk.failures, desk.failing_since) == (0, None)


def test_one_that_is_gone_is_disabled_at_once() -> None:
    desk = recipient()
    delivery(desk)

    note(taken(desk), Attempt(NOON, 5, 410, problem="the webhook is gone: 410", last=True, gone=True))

    desk.refresh_from_db()
    assert (desk.enabled, desk.disabled_reason) == (False, "the webhook is gone: 410")
    assert Alert.objects.filter(why__contains="gone").count() == 1


def test_what_waits_for_a_disabled_recipient_is_sent_when_it_is_back_within_a_day() -> None:
    desk = recipient(enabled=False)
    row = delivery(desk)

    assert outbox.due(NOON) == []
    assert take(desk) is None
    assert outbox.give_up_on_disabled(NOON + timedelta(hours=23)) == 0
    Recipient.objects.filter(pk=desk.pk).update(enabled=True)
    assert taken(desk) == row


def test_what_waited_a_day_for_a_disabled_recipient_is_given_up() -> None:
    row = delivery(recipient(enabled=False), alert=alert())

    assert outbox.give_up_on_disabled(NOON + timedelta(hours=25)) == 1
    row.refresh_from_db()
    assert row.state == DeliveryState.DEAD
    assert "disabled for a day" in row.log.get().excerpt


def test_one_that_was_too_slow_does_not_undo_what_another_delivered() -> None:
    desk = recipient()
    delivery(desk)
    slow = taken(desk)
    quick = taken(desk, at=NOON + LEASE * 2)
    note(quick, Attempt(NOON, 5, 200))

    assert note(slow, FAILED).state == DeliveryState.DELIVERED


def test_deliveries_that_nobody_takes_are_counted_after_a_minute() -> None:
    desk, gone = recipient(), recipient(enabled=False)
    rows = [delivery(desk), delivery(desk), delivery(desk, next_attempt_at=NOON + timedelta(hours=1)), delivery(gone)]
    minute_later = NOON + timedelta(minutes=1)

    assert outbox.unsent(NOON + timedelta(seconds=59)) is None
    assert str(outbox.unsent(minute_later)) == "2 deliveries wait since 2026-01-10 12:00:00 UTC: no sendalerts runs"

    assert taken(desk, at=minute_later) == rows[0]
    assert outbox.unsent(minute_later) is None
    assert str(outbox.unsent(minute_later + LEASE + timedelta(minutes=2))).startswith("2 deliveries wait since")


def test_the_question_who_is_due_is_one_query(django_assert_num_queries: object) -> None:
    delivery(recipient())

    with django_assert_num_queries(1):  # type: ignore[operator]
        outbox.due(NOON)
