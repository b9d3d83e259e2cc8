"""Whether rules changed: at once by whatever our code does, with a later look by plain SQL."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from market.models import AlertRule, WatchedSymbol
from market.rule_print import SKIPPED, rule_print

pytestmark = pytest.mark.django_db

Change = Callable[[AlertRule], object]


@pytest.fixture
def rule() -> AlertRule:
    symbol, _ = WatchedSymbol.objects.get_or_create(symbol="BTCUSDT")
    return AlertRule.objects.create(watched=symbol, condition="above", threshold=1)


def copied(rule: AlertRule) -> None:
    AlertRule.objects.bulk_create([AlertRule(watched=rule.watched, condition="below", threshold=2)])


def replaced(rule: AlertRule) -> None:
    copied(rule)
    rule.delete()


def edited(rule: AlertRule) -> None:
    rule.threshold += 1
    rule.save()


@pytest.mark.parametrize(
    "change",
    [
        copied,
        edited,
        lambda rule: rule.delete(),
        lambda rule: AlertRule.objects.filter(pk=rule.pk).update(enabled=False),
        replaced,
    ],
)
def test_what_our_code_does_shows_at_once(rule: AlertRule, change: Change) -> None:
    before = rule_print(None)
    assert rule_print(before) == before

    change(rule)

    assert rule_print(before) != before


def test_what_plain_sql_does_shows_with_a_later_look(rule: AlertRule) -> None:
    looks = [rule_print(None)]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE market_alertrule SET enabled = %s", [False])
    while looks[-1] == looks[0] and len(looks) < 100:
        looks.append(rule_print(looks[-1]))

    assert len(looks) == SKIPPED + 2


def test_a_look_is_answered_by_an_index(rule: AlertRule) -> None:
    before = rule_print(None)
    with CaptureQueriesContext(connection) as asked:
        rule_print(before)

    assert len(asked) == 1
    assert not any("SUM(" in query["sql"] for query in asked)
