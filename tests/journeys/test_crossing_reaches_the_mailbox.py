"""From the exchange's tick to a mail and a signed webhook: every part is real, in one process of `serve`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.live import LiveProcess, LiveServer, run_command
from tests.support.mailbox import Mailbox
from tests.support.services import free_port
from tests.support.webhook_receiver import WebhookReceiver

RULE = """
from market.models import AlertRule, Severity, WatchedSymbol
from tests.support.alert_rows import recipient
rule = AlertRule.objects.create(
    watched=WatchedSymbol.objects.get(symbol="BTCUSDT"),
    condition="above", threshold="1", fire_if_holds=True, frequency="once", severity=Severity.CRITICAL,
)
rule.recipients.set([recipient("webhook", address={hook!r}), recipient("email", address="desk@example.com")])
"""


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as receiver:
        yield receiver


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as mailbox:
        yield mailbox


def test_a_crossing_reaches_mailbox_and_webhook(receiver: WebhookReceiver, mailbox: Mailbox, tmp_path: Path) -> None:
    port = free_port()
    env = {
        "BINANCE_STREAM_URL": f"ws://127.0.0.1:{port}",
        "BINANCE_REST_URL": f"http://127.0.0.1:{port}",
        "EMAIL_URL": mailbox.url,
        "ALLOW_PRIVATE_WEBHOOKS": "true",
    }
    with (
        LiveProcess("simulate", "--port", str(port)),
        LiveServer(env=env, var_dir=tmp_path, feed="live") as server,
    ):
        # While it runs: an edit needs no restart.
        run_command("shell", "-v", "0", "-c", RULE.format(hook=receiver.url), env=env, var_dir=tmp_path)
        server.wait_until(lambda: receiver.received and mailbox.mails, what="mail and webhook")
        assert "Traceback" not in server.stderr

    (received,), (mail,) = receiver.received, mailbox.mails
    assert received.valid
    assert received.data["symbol"] == "BTCUSDT"
    assert received.data["source"] == "simulator"
    assert "simulated" in mail["Subject"]
    assert mail["Subject"].startswith("[pricefeed] critical: BTCUSDT crossed above 1")
