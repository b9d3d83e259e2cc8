"""Webhooks, sent to a real HTTP server that verifies them."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks import Webhook

from market.notify import NotDelivered, Receipt
from market.notify.webhook import WebhookTransport, judged, seconds_of
from tests.support.alert_rows import NOON, alert, recipient, unsaved_alert
from tests.support.webhook_receiver import SECRET, Answer, WebhookReceiver

pytestmark = pytest.mark.django_db
OTHER_SECRET = "whsec_" + "b3RoZXIgc2VjcmV0IG9mIHRoZSBvdGhlciBzaWRl"


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as receiver:
        yield receiver


@pytest.fixture(autouse=True)
def private_allowed(settings: Settings) -> None:
    settings.ALLOW_PRIVATE_WEBHOOKS = True


def send(receiver: WebhookReceiver, *, transport: WebhookTransport | None = None, **fields: str) -> Receipt:
    row = recipient(address=fields.pop("address", receiver.url), **fields)
    return (transport or WebhookTransport()).send(alert(), row, key="3:1:BTCUSDT:1:1:7")


def refused(receiver: WebhookReceiver, *, transport: WebhookTransport | None = None, **fields: str) -> NotDelivered:
    with pytest.raises(NotDelivered) as caught:
        send(receiver, transport=transport, **fields)
    return caught.value


def test_it_arrives_signed_with_the_key_as_its_id(receiver: WebhookReceiver) -> None:
    receipt = send(receiver)

    (received,) = receiver.received
    assert receipt == Receipt(200, "thanks")
    assert received.valid
    assert received.id == "3:1:BTCUSDT:1:1:7"
    assert received.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert '"price":95000.1,' in received.body  # every digit, no quotes
    assert received.data["text"].startswith("BTCUSDT crossed above 95000")
    assert "simulated" in received.data["text"]
    assert "audience" not in received.data


def test_during_a_change_of_secret_both_verify(receiver: WebhookReceiver) -> None:
    send(receiver, secret=OTHER_SECRET, old_secret=SECRET)

    (received,) = receiver.received
    assert received.valid
    Webhook(OTHER_SECRET).verify(received.body, received.headers)


def test_a_symbol_beyond_ascii_and_a_dot_can_be_signed(receiver: WebhookReceiver) -> None:
    row = recipient(address=receiver.url)

    WebhookTransport().send(unsaved_alert(symbol="币安人生USDT"), row, key="3:1:币安人生.USDT:1:1:7")

    (received,) = receiver.received
    assert received.valid
    assert "." not in received.id and received.id.isascii()
    assert received.data["symbol"] == "币安人生USDT"


@pytest.mark.parametrize("status", [500, 502, 503, 408, 425, 429])
def test_trouble_of_the_other_side_is_tried_again(receiver: WebhookReceiver, status: int) -> None:
    receiver.answer = lambda _: Answer(status, body=b"no\x00 luck")

    error = refused(receiver)

    assert (error.permanent, error.few, error.status) == (False, False, status)
    assert error.excerpt == "no\ufffd luck"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 301, 302, 307, 308])
def test_an_answer_that_will_hardly_change_is_tried_a_few_times(receiver: WebhookReceiver, status: int) -> None:
    receiver.answer = lambda _: Answer(status)

    error = refused(receiver)

    assert (error.permanent, error.few) == (False, True)


def test_a_redirect_is_not_followed(receiver: WebhookReceiver) -> None:
    receiver.answer = lambda request: Answer(302, {"location": f"{receiver.url}/elsewhere"})

    assert refused(receiver).status == 302
    assert [received.path for received in receiver.received] == ["/hook"]


def test_410_is_for_ever(receiver: WebhookReceiver) -> None:
    receiver.answer = lambda _: Answer(410)

    error = refused(receiver)

    assert (error.gone, error.permanent) == (True, True)


def test_it_is_told_how_long_to_wait(receiver: WebhookReceiver) -> None:
    receiver.answer = lambda _: Answer(429, {"retry-after": "120"})

    assert refused(receiver).retry_after == 120


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("Sat, 10 Jan 2026 12:01:00 GMT", 60),
        ("Sat, 10 Jan 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("9" * 400, 999_999_999),
    ],
)
def test_retry_after_in_both_its_forms(header: str, seconds: float | None) -> None:
    assert seconds_of(header, now=NOON) == seconds


def test_one_that_hangs_is_cut_off(receiver: WebhookReceiver) -> None:
    receiver.answer = lambda _: Answer(hang=60)
    began = time.monotonic()

    error = refused(receiver, transport=WebhookTransport(timeout=0.5))

    assert "no answer within 0.5 s" in str(error)
    assert time.monotonic() - began < 5


def test_a_body_that_does_not_end_changes_nothing_after_the_status(receiver: WebhookReceiver) -> None:
    receiver.answer = lambda _: Answer(200, body=b"x" * 40_000, stall=0)

    receipt = send(receiver, transport=WebhookTransport(timeout=0.5))

    assert receipt.status == 200


def test_of_10_mb_little_is_read_and_less_kept(receiver: WebhookReceiver) -> None:
    receiver.answer = lambda _: Answer(500, body=b"x" * 10_000_000)

    error = refused(receiver)

    assert error.excerpt == "x" * 1000
    assert receiver.sent_bytes < 9_000_000


def drip(listener: socket.socket, stopped: threading.Event) -> None:
    """A head that never ends: a byte now and then, so that no timeout between two bytes runs out."""
    connection, _ = listener.accept()
    with connection, contextlib.suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\nx-long: ")
        while not stopped.wait(0.05):
            connection.sendall(b"x")


def test_an_answer_that_drips_is_cut_off() -> None:
    stopped = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        dripping = threading.Thread(target=drip, args=[listener, stopped])
        dripping.start()
        row = recipient(address=f"http://127.0.0.1:{listener.getsockname()[1]}/")
        began = time.monotonic()

        with pytest.raises(NotDelivered, match="no answer within"):
            WebhookTransport(timeout=0.5).send(alert(), row, key="k")

        assert time.monotonic() - began < 5
        stopped.set()
        dripping.join()


def test_a_closed_port_is_a_failure_without_the_address_in_its_words(receiver: WebhookReceiver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    error = refused(receiver, address=f"http://127.0.0.1:{port}/secret-token?key=hidden")

    assert not error.permanent
    assert "hidden" not in str(error) and "secret-token" not in str(error)


@pytest.mark.parametrize("address", ["ftp://example.com/", "nonsense", "http://", "http://[::1"])
def test_what_is_no_web_address_is_refused_for_good(receiver: WebhookReceiver, address: str) -> None:
    assert refused(receiver, address=address).permanent


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_x"])
def test_without_a_secret_nothing_is_sent(receiver: WebhookReceiver, secret: str) -> None:
    assert refused(receiver, secret=secret).permanent
    assert receiver.received == []


def test_every_2xx_is_a_receipt() -> None:
    assert judged(204, "", b"", now=NOON) == Receipt(204, "")


def test_the_signature_has_the_time_of_the_attempt(receiver: WebhookReceiver) -> None:
    send(receiver, transport=WebhookTransport(now=lambda: timezone.now() - timedelta(minutes=1)))

    (received,) = receiver.received
    sent = datetime.fromtimestamp(int(received.headers["webhook-timestamp"]), UTC)
    assert received.valid
    assert timedelta(seconds=50) < datetime.now(UTC) - sent < timedelta(minutes=4)
