"""The admin works under the strict Content-Security-Policy of every page."""

import re

import pytest
from django.test import Client

from market.models import WatchedSymbol

PAGES = ["", "market/watchedsymbol/", "market/watchedsymbol/add/", "market/watchedsymbol/test-broadcast/"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_nothing_inline(staff: Client, page: str) -> None:
    WatchedSymbol.objects.create(symbol="BTCUSDT")

    answer = staff.get(f"/admin/{page}")

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
