"""The list of rules, and the rules on a symbol's page."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from market.models import AlertRule, RuleState, WatchedSymbol
from tests.admin.alert_pages import LIST, make_rule, tell_price, text_of

INLINE = {
    "alert_rules-TOTAL_FORMS": "1",
    "alert_rules-INITIAL_FORMS": "0",
    "alert_rules-0-condition": "above",
    "alert_rules-0-threshold": "95000",
    "alert_rules-0-severity": "critical",
    "alert_rules-0-frequency": "every",
    "alert_rules-0-enabled": "on",
}


def act(client: Client, action: str, *rules: AlertRule) -> str:
    chosen = {"action": action, "_selected_action": [rule.pk for rule in rules]}
    return text_of(client.post(LIST, chosen, follow=True))


def rows(client: Client, query: str) -> list[str]:
    return [str(rule) for rule in client.get(f"{LIST}?{query}").context["cl"].result_list]


def test_the_list_says_where_each_rule_stands(chief: Client, bitcoin: WatchedSymbol) -> None:
    rule = make_rule(bitcoin, owner=User.objects.get(username="chief"), audience="everyone")
    RuleState.objects.create(rule=rule, watched=bitcoin, version=1, phase="inactive", fires=3)
    tell_price(bitcoin, "94990")

    page = text_of(chief.get(LIST))

    assert "BTCUSDT crosses above 95000 warning on 10 (0.011 %) below 95000 3 everyone chief" in page


def test_it_is_filtered_and_searched(chief: Client, bitcoin: WatchedSymbol) -> None:
    now = timezone.now()
    make_rule(bitcoin, threshold=Decimal(1))
    make_rule(bitcoin, threshold=Decimal(2), enabled=False)
    make_rule(bitcoin, threshold=Decimal(3), paused_until=now + timedelta(hours=1))
    make_rule(bitcoin, threshold=Decimal(4), expires_at=now - timedelta(hours=1))
    make_rule(None, threshold=Decimal(5), condition="change_above", severity="critical", note="market wide")

    assert len(rows(chief, "state=on")) == 2
    assert rows(chief, "state=off") == ["BTCUSDT crosses above 2"]
    assert rows(chief, "state=paused") == ["BTCUSDT crosses above 3"]
    assert rows(chief, "state=expired") == ["BTCUSDT crosses above 4"]
    assert rows(chief, "severity__exact=critical") == ["All symbols 24 h change above 5 %"]
    assert rows(chief, "q=wide") == ["All symbols 24 h change above 5 %"]
    assert len(rows(chief, "q=BTC")) == 4


def test_rules_are_switched_together_and_each_has_its_history(chief: Client, bitcoin: WatchedSymbol) -> None:
    low, high = make_rule(bitcoin), make_rule(bitcoin, threshold=Decimal(99000))

    assert "2 rules switched off." in act(chief, "disable", low, high)
    assert "1 rule switched on." in act(chief, "enable", low)

    low.refresh_from_db()
    high.refresh_from_db()
    assert (low.enabled, low.version, high.enabled, high.version) == (True, 3, False, 2)
    last = low.history.first()
    assert (last.history_user.username, last.history_change_reason) == ("chief", "Switched on in the list")
    assert LogEntry.objects.filter(object_id=str(low.pk)).count() == 2


@pytest.mark.parametrize(("action", "hours"), [("pause_for_an_hour", 1), ("pause_for_a_day", 24)])
def test_rules_are_paused_and_resumed(chief: Client, bitcoin: WatchedSymbol, action: str, hours: int) -> None:
    rule = make_rule(bitcoin)

    act(chief, action, rule)
    rule.refresh_from_db()
    assert rule.paused_until is not None
    left = rule.paused_until - timezone.now()
    assert timedelta(hours=hours, minutes=-5) < left <= timedelta(hours=hours)

    assert "1 rule resumed." in act(chief, "resume", rule)
    rule.refresh_from_db()
    assert rule.paused_until is None


def test_a_rule_is_added_on_the_page_of_its_symbol(chief: Client, bitcoin: WatchedSymbol) -> None:
    chief.post(f"/admin/market/watchedsymbol/{bitcoin.pk}/change/", symbol_form(bitcoin, **INLINE))

    rule = AlertRule.objects.get()
    assert (rule.watched, rule.threshold, rule.severity) == (bitcoin, Decimal(95000), "critical")
    assert rule.owner == User.objects.get(username="chief")
    assert rule.history.get().history_user == rule.owner


def test_there_it_is_refused_for_the_same_reasons(chief: Client, bitcoin: WatchedSymbol) -> None:
    form = symbol_form(bitcoin, **{**INLINE, "alert_rules-0-threshold": "95000.005"})

    page = text_of(chief.post(f"/admin/market/watchedsymbol/{bitcoin.pk}/change/", form))

    assert "take 95000 or 95000.01" in page
    assert not AlertRule.objects.exists()


def test_there_it_is_changed_and_removed(chief: Client, bitcoin: WatchedSymbol) -> None:
    rule = make_rule(bitcoin, hold_seconds=5, fire_if_holds=True)
    known = {**INLINE, "alert_rules-INITIAL_FORMS": "1", "alert_rules-0-id": rule.pk}
    url = f"/admin/market/watchedsymbol/{bitcoin.pk}/change/"
    tell_price(bitcoin, "94990")
    assert "10 (0.011 %) below 95000" in text_of(chief.get(url))

    chief.post(url, symbol_form(bitcoin, **{**known, "alert_rules-0-threshold": "96000"}))
    rule.refresh_from_db()
    assert (rule.threshold, rule.hold_seconds, rule.fire_if_holds) == (Decimal(96000), 5, True)

    chief.post(url, symbol_form(bitcoin, **{**known, "alert_rules-0-DELETE": "on"}))
    assert not AlertRule.objects.exists()


def test_a_new_symbol_has_no_rules_yet(chief: Client) -> None:
    assert "alert_rules" not in chief.get("/admin/market/watchedsymbol/add/").content.decode()


def symbol_form(watched: WatchedSymbol, **fields: object) -> dict[str, object]:
    return {"enabled": "on", "position": "0", "every_trade": "False", **fields}
