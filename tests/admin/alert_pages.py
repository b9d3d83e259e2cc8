"""What tests of the alert pages share: addresses, rows and a price."""

import html
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.test import Client

from market.core.messages import LIVE, PriceBatch
from market.core.wire import WireQuote
from market.models import Alert, AlertRule, WatchedSymbol
from market.relay import current

ADD = "/admin/market/alertrule/add/"
LIST = "/admin/market/alertrule/"
FORM = {
    "condition": "above",
    "threshold": "95000",
    "rearm": "0.1",
    "rearm_unit": "percent",
    "hold_seconds": "0",
    "frequency": "every",
    "severity": "warning",
    "audience": "staff",
    "enabled": "on",
    "time_zone": "UTC",
}


def page_of(rule: AlertRule) -> str:
    return f"{LIST}{rule.pk}/change/"


def send(client: Client, url: str, **fields: Any) -> str:
    """The page that follows, as text."""
    return text_of(client.post(url, {**FORM, **fields}, follow=True))


def text_of(answer: Any) -> str:
    """What is written on a page, without tags."""
    response: HttpResponse = answer
    assert response.status_code == 200, response.status_code
    words = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(html.unescape(words).split())


def make_rule(watched: WatchedSymbol | None, **fields: Any) -> AlertRule:
    return AlertRule.objects.create(**{"watched": watched, "condition": "above", "threshold": Decimal(95000), **fields})


def make_alert(**fields: Any) -> Alert:
    known = {"symbol": "BTCUSDT", "rule_text": "BTCUSDT crosses above 95000", "price": Decimal("95000.1")}
    return Alert.objects.create(**{**known, "dedupe": f"{Alert.objects.count()}", **fields})


def tell_feed(state: str, reason: str = "", **names: Any) -> None:
    """What this process hears of the feed."""
    feed = current().hub.feed
    feed.state = replace(feed.state, feed=state, reason=reason, **names)


def tell_price(watched: WatchedSymbol, price: str) -> None:
    """This process hears a price, as from a feed that is live."""
    tell_feed(LIVE)
    quote = WireQuote(watched.exchange, watched.symbol, "simulator", 1_768_219_200_000, {"price": price})
    current().hub.remember(PriceBatch("test", 1, True, 1_768_219_200_000, (quote,)))
