"""The admin works under the strict Content-Security-Policy of every page."""

import re

import pytest
from django.test import Client

from market.models import Delivery, Recipient, WatchedSymbol
from tests.admin.alert_pages import make_alert, make_rule

PAGES = ["", "market/watchedsymbol/", "market/watchedsymbol/add/", "market/watchedsymbol/test-broadcast/"]
# With one row of each.
ALERT_PAGES = [
    "watchedsymbol/{symbol}/change/",
    "alertrule/",
    "alertrule/add/",
    "alertrule/add/?condition=moved",
    "alertrule/{rule}/change/",
    "alertrule/{rule}/history/",
    "recipient/",
    "recipient/add/",
    "recipient/{recipient}/change/",
    "recipient/{recipient}/history/",
    "alert/",
    "alert/{alert}/change/",
    "delivery/",
    "delivery/{delivery}/change/",
]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_nothing_inline(staff: Client, page: str) -> None:
    WatchedSymbol.objects.create(symbol="BTCUSDT")

    nothing_inline(staff, f"/admin/{page}")


@pytest.mark.parametrize("page", ALERT_PAGES)
def test_an_alert_page_has_nothing_inline(chief: Client, bitcoin: WatchedSymbol, page: str) -> None:
    rule = make_rule(bitcoin)
    rule.save()
    recipient = Recipient.objects.create(name="desk", kind="email", address="desk@example.com")
    alert = make_alert(rule=rule)
    delivery = Delivery.objects.create(alert=alert, recipient=recipient, dedupe="1")
    numbers = {"symbol": bitcoin, "rule": rule, "recipient": recipient, "alert": alert, "delivery": delivery}

    nothing_inline(chief, "/admin/market/" + page.format(**{name: row.pk for name, row in numbers.items()}))


def nothing_inline(client: Client, url: str) -> None:
    answer = client.get(url)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", html)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", html)


def test_the_policy_allows_only_our_own_files(client: Client) -> None:
    answer = client.get("/admin/login/")

    policy = dict(rule.strip().split(" ", 1) for rule in answer["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    for kind in ("script-src", "style-src", "connect-src", "img-src", "font-src"):
        assert policy[kind] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert (answer["X-Frame-Options"], answer["X-Content-Type-Options"]) == ("DENY", "nosniff")
    assert answer["Referrer-Policy"] == "same-origin"
