"""Where webhooks may go: not into our own network, whatever a name resolves to, and when."""

from collections.abc import Iterator, Sequence

import pytest
from pytest_django import Settings

from market.notify import NotDelivered
from market.notify.address import allowed, public_addresses, resolve
from market.notify.webhook import WebhookTransport
from tests.support.alert_rows import alert, recipient
from tests.support.webhook_receiver import WebhookReceiver

PRIVATE = [
    "127.0.0.1",
    "127.8.9.10",
    "10.0.0.1",
    "172.16.5.4",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2002:a00:1::1",
]


class Names:
    """A resolver whose answers change from one look-up to the next."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = iter(answers)
        self.asked: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return next(self._answers)


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as receiver:
        yield receiver


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_refused(address: str) -> None:
    assert not allowed(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_a_public_address_is_allowed(address: str) -> None:
    assert allowed(address)


def test_listed_networks_are_allowed(settings: Settings) -> None:
    settings.WEBHOOK_NETWORKS = ["10.1.0.0/16"]

    assert allowed("10.1.2.3")
    assert not allowed("10.2.2.3")


def test_one_private_address_among_public_ones_is_refused() -> None:
    with pytest.raises(NotDelivered) as caught:
        public_addresses("hook.example", 443, resolve=Names(["1.1.1.1", "127.0.0.1"]))

    assert caught.value.permanent


def test_a_name_without_an_address_may_get_one_later() -> None:
    with pytest.raises(NotDelivered) as caught:
        public_addresses("nobody.invalid", 443, resolve=resolve)

    assert not caught.value.permanent


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_every_spelling_of_this_machine_is_refused(receiver: WebhookReceiver, host: str) -> None:
    row = recipient(address=f"http://{host}:{receiver.port}/hook")

    with pytest.raises(NotDelivered) as caught:
        WebhookTransport().send(alert(), row, key="k")

    assert caught.value.permanent
    assert receiver.received == []


@pytest.mark.django_db
def test_a_name_that_becomes_private_is_refused_at_the_next_attempt(receiver: WebhookReceiver) -> None:
    names = Names(["192.0.2.1"], ["127.0.0.1"])
    row = recipient(address=f"http://hook.example:{receiver.port}/hook")
    transport = WebhookTransport(look_up=names, timeout=0.3)

    for _ in range(2):
        with pytest.raises(NotDelivered):
            transport.send(alert(), row, key="k")

    assert receiver.received == []


@pytest.mark.django_db
def test_what_was_checked_is_what_is_connected_to(receiver: WebhookReceiver, settings: Settings) -> None:
    """The name leads nowhere on this machine: only the address that was given can have been used, asked for once."""
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    names = Names(["127.0.0.1"])
    row = recipient(address=f"http://hook.invalid:{receiver.port}/hook?a=b")

    WebhookTransport(look_up=names).send(alert(), row, key="k")

    (received,) = receiver.received
    assert names.asked == [("hook.invalid", receiver.port)]
    assert received.headers["host"] == f"hook.invalid:{receiver.port}"
    assert received.path == "/hook?a=b"


@pytest.mark.django_db
def test_the_second_address_is_used_where_the_first_does_not_answer(
    receiver: WebhookReceiver, settings: Settings
) -> None:
    settings.ALLOW_PRIVATE_WEBHOOKS = True
    row = recipient(address=f"http://hook.invalid:{receiver.port}/hook")

    WebhookTransport(look_up=Names(["127.0.0.2", "127.0.0.1"])).send(alert(), row, key="k")

    assert len(receiver.received) == 1
