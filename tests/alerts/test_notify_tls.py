"""Webhooks over TLS: connected to an address that was checked, and still certified by name."""

from pathlib import Path

import pytest
from pytest_django import Settings

from market.notify import NotDelivered
from market.notify.webhook import WebhookTransport
from tests.support.alert_rows import alert, recipient
from tests.support.certificate import Certificate
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def private_allowed(settings: Settings) -> None:
    settings.ALLOW_PRIVATE_WEBHOOKS = True


def send(receiver: WebhookReceiver, certificate: Certificate, host: str) -> None:
    transport = WebhookTransport(look_up=lambda *_: ["127.0.0.1"], trusted=certificate.trusted)
    transport.send(alert(), recipient(address=f"https://{host}:{receiver.port}/hook"), key="k")


def test_the_name_is_told_and_its_certificate_accepted(tmp_path: Path) -> None:
    certificate = Certificate("hook.example", tmp_path)
    with WebhookReceiver(certificate=certificate) as receiver:
        send(receiver, certificate, "hook.example")

    (received,) = receiver.received
    assert received.valid
    assert certificate.asked == ["hook.example"]
    assert received.headers["host"] == f"hook.example:{receiver.port}"


def test_the_certificate_of_another_name_is_refused(tmp_path: Path) -> None:
    certificate = Certificate("other.example", tmp_path)
    with WebhookReceiver(certificate=certificate) as receiver, pytest.raises(NotDelivered, match="certificate"):
        send(receiver, certificate, "hook.example")

    assert receiver.received == []


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    certificate = Certificate("hook.example", tmp_path)
    transport = WebhookTransport(look_up=lambda *_: ["127.0.0.1"])
    with WebhookReceiver(certificate=certificate) as receiver, pytest.raises(NotDelivered) as caught:
        transport.send(alert(), recipient(address=f"https://hook.example:{receiver.port}/"), key="k")

    assert not caught.value.permanent
    assert receiver.received == []
