"""Everything else, by apprise: here its JSON service, in a real HTTP server."""

import json
import logging
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from market.models import RecipientKind
from market.notify import NotDelivered, known_service
from market.notify.apprise import AppriseTransport
from tests.support.alert_rows import alert, recipient
from tests.support.webhook_receiver import Answer, WebhookReceiver

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(settings: Settings) -> Iterator[WebhookReceiver]:
    settings.ALLOW_PRIVATE_WEBHOOKS = True
    with WebhookReceiver() as receiver:
        yield receiver


def send(address: str) -> str:
    row = recipient(RecipientKind.APPRISE, address=address)
    return AppriseTransport().send(alert(), row, key="k").excerpt


def test_it_arrives_with_title_and_text(receiver: WebhookReceiver) -> None:
    said = send(f"json://127.0.0.1:{receiver.port}/token")

    (received,) = receiver.received
    sent = json.loads(received.body)
    assert said == "JSON took it"
    assert sent["title"] == "warning: BTCUSDT crossed above 95000 (simulated price)"
    assert "Price: 95000.1" in sent["message"]
    assert "/alerts/ack/" in sent["message"]


def test_a_refusal_is_told_without_the_address(
    receiver: WebhookReceiver, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    receiver.answer = lambda _: Answer(500, body=b"broken")
    caplog.set_level(logging.DEBUG)

    with pytest.raises(NotDelivered) as caught:
        send(f"json://someone:hidden-word@127.0.0.1:{receiver.port}/hidden-token")

    told = f"{caught.value} {caught.value.excerpt} {caplog.text} {capfd.readouterr()}"
    assert "500" in caught.value.excerpt
    assert not caught.value.permanent
    assert "hidden" not in told


def test_an_address_of_no_service_is_refused_for_good() -> None:
    with pytest.raises(NotDelivered) as caught:
        send("nosuchservice://hidden-token")

    assert caught.value.permanent
    assert "hidden" not in str(caught.value)
    assert known_service("nosuchservice://x") == ""
    assert known_service("ntfy://topic") == "ntfy"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.1", "[::1]"])
def test_a_private_address_is_refused(host: str) -> None:
    with pytest.raises(NotDelivered, match="private network"):
        send(f"json://{host}/")


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("json://inside.example/", "inside.example"),
        ("ntfys://inside.example/topic", "inside.example"),
        ("mailtos://me:word@outside.example?smtp=inside.example", "inside.example"),
    ],
)
def test_a_name_of_a_private_address_is_refused(address: str, asked: str) -> None:
    asked_of: list[str] = []

    def look_up(host: str, port: int) -> list[str]:
        asked_of.append(host)
        return ["10.0.0.1" if host.startswith("inside") else "93.184.215.14"]

    with pytest.raises(NotDelivered, match="private network") as caught:
        AppriseTransport(look_up=look_up).send(alert(), recipient(RecipientKind.APPRISE, address=address), key="k")

    assert caught.value.permanent
    assert asked_of[-1] == asked


@pytest.mark.parametrize("address", ["ntfy://topic", "tgram://123456789:abcdefghijklmnopqrstuvwxyz123456789/12345"])
def test_a_token_is_never_asked_of_the_dns(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(host: str, port: int) -> list[str]:
        raise AssertionError(f"asked for {host}")

    monkeypatch.setattr("apprise.NotifyBase.notify", lambda *_, **__: True)
    row = recipient(RecipientKind.APPRISE, address=address)

    assert "took it" in AppriseTransport(look_up=look_up).send(alert(), row, key="k").excerpt


def test_a_host_that_cannot_be_looked_up_is_left_to_apprise() -> None:
    def look_up(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    row = recipient(RecipientKind.APPRISE, address="json://nowhere.invalid/")
    with pytest.raises(NotDelivered) as caught:
        AppriseTransport(look_up=look_up).send(alert(), row, key="k")

    assert not caught.value.permanent
