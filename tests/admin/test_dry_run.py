"""The page of a rule: would it have fired, on stored candles, before it is saved."""

import time
from collections.abc import Iterable
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from market import history
from market.core.candle import Candle
from market.core.interval import MINUTE_MS, Interval
from market.models import AlertRule, WatchedSymbol
from tests.admin.alert_pages import ADD, FORM, make_rule, page_of, send, tell_price, text_of

PRICES = ("94990 94995 94980 94995", "94995 95020 94994 95010", "95010 95012 94700 94800", "94800 95001 94790 94800")


def store(watched: WatchedSymbol, prices: Iterable[str] = PRICES, *, source: str = "simulator") -> int:
    """Minutes up to now, one for each `open high low close`; when the first one opened."""
    rows = list(prices)
    first = Interval.M1.floor(time.time_ns() // 1_000_000) - len(rows) * MINUTE_MS
    minutes = []
    for number, words in enumerate(rows):
        numbers = [Decimal(word) for word in words.split()]
        minutes.append(Candle(first + number * MINUTE_MS, *numbers, Decimal(2), Decimal(190000), 7))
    history.write(source, {(watched.exchange, watched.symbol): minutes})
    return first


def ask(client: Client, url: str = ADD, **fields: object) -> str:
    return send(client, url, _dry_run="1", _dry_run_days="1", **fields)


def test_it_says_how_often_and_when_and_saves_nothing(chief: Client, bitcoin: WatchedSymbol) -> None:
    store(bitcoin)

    page = ask(chief, watched=bitcoin.pk)

    assert "Would this rule have fired?" in page
    assert "It would have fired at least 2 times, by its candles at most 3." in page
    assert "4 minutes of simulator." in page
    assert "when it fired is known to the minute, not to the second" in page
    assert "94,994.00" in page and "95,020.00" in page
    assert "Nothing is saved yet" in page
    assert not AlertRule.objects.exists()


def test_it_speaks_of_the_source_that_is_live(chief: Client, bitcoin: WatchedSymbol) -> None:
    store(bitcoin, source="binance")
    tell_price(bitcoin, "94000")  # of the simulator

    assert "There are no stored minutes of this symbol to try it on." in ask(chief, watched=bitcoin.pk)


def test_a_changed_rule_is_tried_as_it_stands_in_the_form(chief: Client, bitcoin: WatchedSymbol) -> None:
    store(bitcoin)
    rule = make_rule(bitcoin)

    page = ask(chief, page_of(rule), watched=bitcoin.pk, threshold="99000")

    assert "It would not have fired." in page
    rule.refresh_from_db()
    assert rule.threshold == 95000


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"threshold": "0"}, "A price is more than 0."),
        ({"threshold": ""}, "Correct the fields below first."),
        ({"condition": "change_above", "threshold": "5", "watched": ""}, "choose one to try it on"),
    ],
)
def test_what_cannot_be_tried_is_said(
    chief: Client, bitcoin: WatchedSymbol, fields: dict[str, str], words: str
) -> None:
    assert words in ask(chief, **{"watched": bitcoin.pk, **fields})


def test_where_only_the_order_within_a_minute_decides_it_is_an_estimate(chief: Client, bitcoin: WatchedSymbol) -> None:
    store(bitcoin)

    page = ask(chief, watched=bitcoin.pk, hold_seconds="30")

    assert "It would have fired about" in page
    assert "this is an estimate" in page


def test_active_hours_count(chief: Client, bitcoin: WatchedSymbol) -> None:
    store(bitcoin)
    other_day = str((timezone.now().weekday() + 3) % 7)

    assert "It would not have fired." in ask(chief, watched=bitcoin.pk, active_days=[other_day])


def test_only_staff_who_may_change_rules_can_ask(chief: Client, bitcoin: WatchedSymbol) -> None:
    user = User.objects.create_user("watcher", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_alertrule"))
    watcher = Client()
    watcher.force_login(user)
    rule = make_rule(bitcoin)

    assert watcher.post(ADD, {**FORM, "_dry_run": "1"}).status_code == 403
    assert "Would it have fired?" not in text_of(watcher.get(page_of(rule)))
    assert Client(enforce_csrf_checks=True).post(ADD, {"_dry_run": "1"}).status_code in (302, 403)


def test_the_worst_month_takes_no_longer_than_two_seconds(chief: Client, bitcoin: WatchedSymbol) -> None:
    """Every minute crosses, both ways."""
    wild = [f"{94900 + number % 3} 95200 94700 {94900 + (number + 1) % 3}" for number in range(9000)]
    store(bitcoin, wild)
    began = time.process_time()

    page = send(chief, ADD, _dry_run="1", _dry_run_days="30", watched=bitcoin.pk, condition="cross")

    assert time.process_time() - began < 4  # of the processor, on a machine that does other things beside
    assert "It would have fired at least" in page
