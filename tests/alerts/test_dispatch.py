"""The dispatcher in this process: independent recipients, order, patience, faults of ours."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from pytest_django import Settings

from market import durable
from market.dispatch import Dispatcher, send_test
from market.models import Alert, Delivery, DeliveryAttempt, DeliveryState, Recipient
from market.notify import NotDelivered, Receipt, Transport
from market.outbox import Terms
from tests.support.alert_rows import alert, delivery, recipient
from tests.support.services import wait_until
from tests.support.webhook_receiver import Answer, Received, WebhookReceiver

pytestmark = pytest.mark.django_db(transaction=True)
QUICK = Terms(lease=timedelta(seconds=2), first_pause=0.05, longest_pause=0.2, within=5)


@pytest.fixture
def receiver(settings: Settings) -> Iterator[WebhookReceiver]:
    settings.ALLOW_PRIVATE_WEBHOOKS = True
    with WebhookReceiver() as receiver:
        yield receiver


@contextmanager
def running(dispatcher: Dispatcher) -> Iterator[Dispatcher]:
    """In a thread, ended and idle afterwards."""
    thread = threading.Thread(target=dispatcher.run, kwargs={"every": 0.02})
    thread.start()
    try:
        yield dispatcher
    finally:
        dispatcher.stop()
        thread.join(10)
        assert dispatcher.wait_idle(10)


def delivered(count: int) -> None:
    wait_until(lambda: Delivery.objects.filter(state=DeliveryState.DELIVERED).count() == count, what="delivered")


def ids(received: list[Received]) -> list[str]:
    return [each.id for each in received]


def test_what_waits_arrives_in_order(receiver: WebhookReceiver) -> None:
    desk = recipient(address=receiver.url)
    rows = [delivery(desk) for _ in range(5)]

    with running(Dispatcher()):
        delivered(5)

    assert ids(receiver.received) == [row.dedupe for row in rows]
    assert all(received.valid for received in receiver.received)


def test_one_that_hangs_delays_nobody(receiver: WebhookReceiver) -> None:
    receiver.answer = lambda request: Answer(hang=60) if request.path == "/hangs" else Answer()
    for number in range(6):
        delivery(recipient(address=f"http://127.0.0.1:{receiver.port}/hangs", failures=number % 2))
    fine = [delivery(recipient(address=receiver.url)) for _ in range(3)]

    with running(Dispatcher()):
        delivered(len(fine))
        receiver.ended.set()


def test_those_that_fail_leave_room_for_others(receiver: WebhookReceiver) -> None:
    receiver.answer = lambda request: Answer(hang=60) if request.path == "/hangs" else Answer()
    for _ in range(4):
        delivery(recipient(address=f"http://127.0.0.1:{receiver.port}/hangs", failures=3))
    delivery(recipient(address=receiver.url))

    with running(Dispatcher(threads=2)):
        delivered(1)
        receiver.ended.set()


def test_a_failure_is_repeated_with_the_same_id_before_anything_newer(receiver: WebhookReceiver) -> None:
    answers = iter([Answer(500), Answer(503)])
    receiver.answer = lambda _: next(answers, Answer())
    desk = recipient(address=receiver.url)
    first, second = delivery(desk), delivery(desk)

    with running(Dispatcher(terms=QUICK)):
        delivered(2)

    assert ids(receiver.received) == [first.dedupe] * 3 + [second.dedupe]
    assert list(first.log.values_list("ok", "status")) == [(False, 500), (False, 503), (True, 200)]
    desk.refresh_from_db()
    assert (desk.failures, desk.failing_since) == (0, None)


def test_410_disables_the_recipient(receiver: WebhookReceiver) -> None:
    receiver.answer = lambda _: Answer(410)
    desk = recipient(address=receiver.url)
    delivery(desk)

    with running(Dispatcher()):
        wait_until(lambda: not Recipient.objects.get(pk=desk.pk).enabled, what="disabled")

    (event,) = durable.newest_alerts(["staff"], 5, kinds=("alert",))
    assert "was disabled: the webhook is gone: 410" in event.data


def test_several_share_the_work_and_nothing_is_sent_twice(receiver: WebhookReceiver) -> None:
    rows = [delivery(desk) for desk in [recipient(address=receiver.url) for _ in range(4)] for _ in range(5)]

    with running(Dispatcher()), running(Dispatcher()), running(Dispatcher()):
        delivered(len(rows))

    assert sorted(ids(receiver.received)) == sorted(row.dedupe for row in rows)


class BrokenTransport(Transport):
    def send(self, alert: Alert, recipient: Recipient, *, key: str) -> Receipt:
        raise KeyError(recipient.address)


def test_a_fault_of_ours_counts_as_a_failure_and_names_no_address(caplog: pytest.LogCaptureFixture) -> None:
    row = delivery(recipient(address="https://example.com/hidden"))

    with running(Dispatcher(transports={"webhook": BrokenTransport})):
        wait_until(lambda: DeliveryAttempt.objects.exists(), what="an attempt")

    row.refresh_from_db()
    assert (row.state, row.attempts) == (DeliveryState.WAITING, 1)
    assert row.log.get().excerpt == "a fault of ours: KeyError"
    assert "KeyError" in caplog.text and "hidden" not in caplog.text


def test_a_recipient_that_cannot_be_decrypted_says_so() -> None:
    row = delivery(recipient(address="https://example.com/"))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE market_recipient SET address = 'sealed with another key' WHERE id = %s", [row.recipient_id]
        )

    with running(Dispatcher()):
        wait_until(lambda: DeliveryAttempt.objects.exists(), what="an attempt")

    assert "SECRET_KEY" in DeliveryAttempt.objects.get().excerpt


def test_a_step_says_whether_somebody_was_due(receiver: WebhookReceiver) -> None:
    dispatcher = Dispatcher()
    assert not dispatcher.step()

    delivery(recipient(address=receiver.url))

    assert dispatcher.step()
    assert dispatcher.wait_idle(10)
    assert not dispatcher.step()


def test_a_test_is_sent_at_once_and_leaves_no_row(receiver: WebhookReceiver) -> None:
    words = send_test(recipient(address=receiver.url))

    (received,) = receiver.received
    assert words == "Delivered: 200 thanks"
    assert received.valid and received.data["kind"] == "test"
    assert not Alert.objects.exists() and not Delivery.objects.exists()


def test_a_test_that_fails_says_why(receiver: WebhookReceiver) -> None:
    receiver.answer = lambda _: Answer(404)

    with pytest.raises(NotDelivered, match="404"):
        send_test(recipient(address=receiver.url))


def test_an_alert_of_a_deleted_rule_is_still_told(receiver: WebhookReceiver) -> None:
    delivery(recipient(address=receiver.url), alert=alert(rule=None))

    with running(Dispatcher()):
        delivered(1)
