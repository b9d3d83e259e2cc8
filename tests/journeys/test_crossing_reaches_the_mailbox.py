"""The exchange's price crosses a threshold: a mail, a signed webhook, a toast, and an event for who was away.

Every part is real: an exchange on a socket, `serve`, an SMTP and an HTTP server, Chromium, django-eventstream.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.browser import Board
from tests.support.exchange_thread import ExchangeThread, exchange_thread
from tests.support.live import LiveServer, run_command
from tests.support.mailbox import Mailbox
from tests.support.webhook_receiver import WebhookReceiver

BELOW, THRESHOLD, ABOVE = Decimal("94000.00"), Decimal("95000"), Decimal("96000.00")
RULE = """
from market.models import AlertRule, Severity, WatchedSymbol
from tests.support.alert_rows import recipient
rule = AlertRule.objects.create(
    watched=WatchedSymbol.objects.get(symbol="BTCUSDT"),
    condition="above", threshold="95000", frequency="every", audience="everyone", severity=Severity.CRITICAL,
)
rule.recipients.set([recipient("webhook", address={hook!r}), recipient("email", address="desk@example.com")])
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A server whose one rule waits for 95000, an exchange whose price is below that, and whom it tells."""

    server: LiveServer
    exchange: ExchangeThread
    receiver: WebhookReceiver
    mailbox: Mailbox

    def cross(self) -> None:
        """From below the threshold to above it; a rule that has fired goes back far enough first."""
        self.exchange.set_price("BTCUSDT", BELOW)
        self.server.wait_until(lambda: self.price() < THRESHOLD and self.waits(), what="the rule waits")
        self.exchange.set_price("BTCUSDT", ABOVE)

    def price(self) -> Decimal:
        answer = httpx.get(f"{self.server.url}/api/prices", params={"symbols": "BTCUSDT"}, timeout=10)
        (quote,) = json.loads(answer.text, parse_float=Decimal)["data"]
        return Decimal(quote["price"])

    def waits(self) -> bool:
        with closing(sqlite3.connect(self.server.var_dir / "db.sqlite3", timeout=20)) as database:
            phases = database.execute("SELECT phase FROM market_rulestate").fetchall()
        return phases == [("inactive",)]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Mailbox() as mailbox, WebhookReceiver() as receiver, exchange_thread(rate=5) as exchange:
        exchange.set_price("BTCUSDT", BELOW)
        env = {**exchange.settings, "EMAIL_URL": mailbox.url, "ALLOW_PRIVATE_WEBHOOKS": "true"}
        with LiveServer(env=env, var_dir=tmp_path, feed="live") as server:
            # While it runs: an edit needs no restart.
            run_command("shell", "-v", "0", "-c", RULE.format(hook=receiver.url), env=env, var_dir=tmp_path)
            yield Place(server, exchange, receiver, mailbox)


def next_alert(place: Place, *, after: str = "", then: Callable[[], None] | None = None) -> tuple[str, dict[str, Any]]:
    """The next alert of `/events/`, with its stored id; `then` is done once the stream is open."""
    headers = {"Last-Event-ID": after} if after else {}
    url = f"{place.server.url}/events/?channels=alerts"
    with httpx.stream("GET", url, headers=headers, timeout=30) as stream:
        last, kind = "", ""
        for line in stream.iter_lines():
            name, _, value = line.partition(": ")
            last, kind = (value if name == "id" else last), (value if name == "event" else kind)
            if name == "event" and value == "stream-open" and then is not None:
                then()
            if name == "data" and kind == "alert":
                return last, json.loads(value, parse_float=Decimal)
    raise AssertionError("the stream ended")


def test_a_crossing_reaches_mailbox_webhook_page_and_who_was_away(
    place: Place, open_board: Callable[..., Board]
) -> None:
    board = open_board(place.server)
    board.wait_for_state("LIVE · WebSocket")

    read, first = next_alert(place, then=place.cross)
    place.server.wait_until(lambda: place.receiver.received and place.mailbox.mails, what="mail and webhook")
    shown = board.page.locator(f'[data-toast="{first["id"]}"]')
    expect(shown).to_contain_text("BTCUSDT crossed above 95000 (simulated price)", timeout=10_000)

    place.cross()  # while nobody reads the events
    place.server.wait_until(lambda: len(place.receiver.received) == len(place.mailbox.mails) == 2, what="the second")
    _, second = next_alert(place, after=read)

    assert "Traceback" not in place.server.stderr
    assert board.faults == []
    assert second["id"] > first["id"]
    for alert, received, mail in zip((first, second), place.receiver.received, place.mailbox.mails, strict=True):
        assert alert["previous_price"] < THRESHOLD <= alert["price"] and not alert["late"]
        assert received.valid
        assert (received.data["id"], received.data["symbol"]) == (alert["id"], "BTCUSDT")
        assert received.data["source"] == "simulator"
        assert mail["Subject"].startswith("[pricefeed] critical: BTCUSDT crossed above 95000 (simulated price)")
        assert f"/alerts/{alert['id']}/" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
