"""A rule of which no price can be judged is in the state "no data", whatever it was before."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from market.core.messages import DOWN, LIVE, STALE
from market.models import AlertRule, RuleState, WatchedSymbol
from tests.admin.alert_pages import LIST, make_alert, make_rule, page_of, tell_feed, tell_price, text_of

BITCOIN = frozenset({"BTCUSDT"})
REASONS = {
    "stale": "No data: prices are stale, nothing heard from the feed.",
    "down": "No data: prices are down, the exchange hangs.",
    "silent": "No data: no updates of it come.",
    "halted": "No data: the exchange does not trade it now.",
    "listed as halted": "No data: the exchange does not trade it now.",
    "without a price": "No data: no price of it has come yet.",
}


@pytest.fixture
def firing(bitcoin: WatchedSymbol) -> AlertRule:
    rule = make_rule(bitcoin)
    RuleState.objects.create(rule=rule, watched=bitcoin, version=1, phase="firing", since_ms=1, fires=1)
    return rule


def happen(what: str, bitcoin: WatchedSymbol) -> None:
    if what != "without a price":
        tell_price(bitcoin, "94990")
    match what:
        case "stale":
            tell_feed(STALE, "nothing heard from the feed")
        case "down":
            tell_feed(DOWN, "the exchange hangs")
        case "silent":
            tell_feed(LIVE, silent=BITCOIN)
        case "halted":
            tell_feed(LIVE, halted=BITCOIN)
        case "listed as halted":
            WatchedSymbol.objects.filter(pk=bitcoin.pk).update(status="BREAK")
        case _:
            tell_feed(LIVE)


@pytest.mark.parametrize("what", REASONS)
def test_list_and_page_say_no_data(chief: Client, bitcoin: WatchedSymbol, firing: AlertRule, what: str) -> None:
    happen(what, bitcoin)

    assert "BTCUSDT crosses above 95000 warning no data" in text_of(chief.get(LIST))
    page = text_of(chief.get(page_of(firing)))
    assert "no data (firing since 1970-01-01 00:00:00.001 UTC)" in page
    assert REASONS[what] in page


def test_with_prices_it_is_what_it_was(chief: Client, bitcoin: WatchedSymbol, firing: AlertRule) -> None:
    tell_price(bitcoin, "94990")

    page = text_of(chief.get(page_of(firing)))
    assert "firing since 1970-01-01 00:00:00.001 UTC" in page and "no data" not in page.lower()


def test_a_rule_of_all_symbols_has_no_data_where_the_feed_is_dead(chief: Client, bitcoin: WatchedSymbol) -> None:
    make_rule(None, condition="change_above", threshold=Decimal(3))

    tell_feed(LIVE)
    assert "All symbols 24 h change above 3 % warning on" in text_of(chief.get(LIST))
    tell_feed(DOWN)
    assert "All symbols 24 h change above 3 % warning no data" in text_of(chief.get(LIST))


def test_what_staff_did_to_the_rule_comes_first(chief: Client, bitcoin: WatchedSymbol) -> None:
    make_rule(bitcoin, enabled=False)
    tell_feed(DOWN)

    assert "warning switched off" in text_of(chief.get(LIST))


def test_a_snoozed_rule_says_so(chief: Client, bitcoin: WatchedSymbol, firing: AlertRule) -> None:
    tell_price(bitcoin, "94990")
    until = timezone.now() + timedelta(hours=1)
    make_alert(rule=firing, snoozed_until=until)
    make_alert(rule=firing, symbol="ETHUSDT", snoozed_until=until + timedelta(hours=1))

    words = f"snoozed until {until:%Y-%m-%d %H:%M} UTC"
    assert f"warning {words}" in text_of(chief.get(LIST))
    page = text_of(chief.get(page_of(firing)))
    assert f"{words} (firing since" in page and f"It is {words}." in page
