"""Rules and their states: what counts up, what becomes of them, and when they are active."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from market.core.rule import Condition, Frequency, Phase, Rule
from market.core.rule import RuleState as State
from market.models import (
    DECIDING,
    AlertRule,
    Recipient,
    RuleState,
    WatchedSymbol,
)

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 1, 12, tzinfo=UTC)


@pytest.fixture
def bitcoin() -> WatchedSymbol:
    return WatchedSymbol.objects.create(symbol="BTCUSDT", tick_size=Decimal("0.01"))


@pytest.fixture
def rule(bitcoin: WatchedSymbol) -> AlertRule:
    return AlertRule.objects.create(watched=bitcoin, condition="above", threshold=Decimal(95000))


def stored() -> AlertRule:
    return AlertRule.objects.get()


def test_a_new_rule_begins_with_version_one(rule: AlertRule) -> None:
    assert stored().version == 1


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": Decimal(96000)},
        {"condition": "below"},
        {"rearm": Decimal(2)},
        {"enabled": False},
        {"watched": None},
        {"hold_seconds": 5},
        {"time_zone": "Europe/Berlin"},
        {"paused_until": MONDAY},
    ],
)
def test_what_matters_to_deciding_counts_the_version_up(rule: AlertRule, change: dict[str, Any]) -> None:
    for name, value in change.items():
        setattr(rule, name, value)
    rule.save()
    assert (stored().version, rule.version) == (2, 2)

    AlertRule.objects.filter(pk=rule.pk).update(**change)
    assert stored().version == 3


@pytest.mark.parametrize("change", [{"note": "sell"}, {"severity": "critical"}, {"audience": "everyone"}])
def test_what_does_not_matter_to_deciding_leaves_it(rule: AlertRule, change: dict[str, Any]) -> None:
    for name, value in change.items():
        setattr(rule, name, value)
    rule.save()
    AlertRule.objects.update(**change)

    assert stored().version == 1


def test_saving_the_same_again_is_no_other_rule(rule: AlertRule) -> None:
    stored().save()

    assert stored().version == 1


def test_a_field_that_is_not_written_counts_nothing(rule: AlertRule) -> None:
    rule.threshold = Decimal(1)
    rule.note = "later"
    rule.save(update_fields=["note"])

    assert (stored().version, stored().note, stored().threshold) == (1, "later", Decimal(95000))


def test_a_version_is_one_more_than_the_stored_one(rule: AlertRule) -> None:
    """Whoever saves an old copy does not go back to an old number."""
    AlertRule.objects.update(threshold=Decimal(96000))
    rule.threshold = Decimal(97000)
    rule.save()

    assert stored().version == 3


def test_every_field_of_the_judged_rule_is_one_that_counts() -> None:
    judged = set(Rule.__dataclass_fields__) - {"id", "version", "exchange", "symbol"}
    ours = {name.replace("_seconds", "_ms") for name in DECIDING}

    assert judged <= ours


def test_every_way_of_writing_moves_the_time_of_change_on(rule: AlertRule) -> None:
    recipient = Recipient.objects.create(name="desk", kind="email", address="desk@example.com")
    writes: list[Callable[[], object]] = [
        lambda: stored().save(),
        lambda: stored().save(update_fields=["note"]),
        lambda: AlertRule.objects.update(note="x"),
        lambda: AlertRule.objects.bulk_update([stored()], ["note"]),
        lambda: stored().recipients.add(recipient),
        lambda: stored().recipients.clear(),
        lambda: recipient.rules.add(rule),
        lambda: recipient.rules.remove(rule),
    ]
    times = [stored().updated_at]
    for write in writes:
        write()
        times.append(stored().updated_at)

    assert times == sorted(set(times))


def test_a_machine_whose_clock_is_behind_still_moves_it_on(rule: AlertRule) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    AlertRule.objects.update(updated_at=tomorrow)

    rule.save()

    assert stored().updated_at > tomorrow


@pytest.mark.parametrize(
    ("condition", "rearm", "unit", "expected"),
    [
        ("above", "0.1", "percent", "95"),
        ("above", "5", "ticks", "0.05"),
        ("change_above", "0.5", "percent", "0.5"),
    ],
)
def test_the_rearm_distance_is_in_units_of_what_is_watched(
    rule: AlertRule, condition: str, rearm: str, unit: str, expected: str
) -> None:
    rule.condition, rule.rearm, rule.rearm_unit = condition, Decimal(rearm), unit

    assert rule.rearm_distance(Decimal("0.01")) == Decimal(expected)


def test_a_rule_becomes_the_value_that_is_judged(rule: AlertRule, bitcoin: WatchedSymbol) -> None:
    rule.hold_seconds, rule.frequency, rule.interval_seconds = 3, "interval", 60

    assert rule.rule_for(bitcoin) == Rule(
        id=rule.pk,
        version=1,
        exchange="binance",
        symbol="BTCUSDT",
        condition=Condition.ABOVE,
        threshold=Decimal(95000),
        upper=None,
        rearm=Decimal(95),
        window_ms=0,
        hold_ms=3000,
        frequency=Frequency.INTERVAL,
        interval_ms=60_000,
        fire_if_holds=False,
    )


@pytest.mark.parametrize(
    ("begin", "end", "days", "hour", "active"),
    [
        (None, None, "", 3, True),
        (None, None, "0", 3, True),
        (None, None, "56", 3, False),
        (time(9), time(17), "", 9, True),
        (time(9), time(17), "", 17, False),
        (time(22), time(6), "", 23, True),
        (time(22), time(6), "", 12, False),
        (time(22), time(6), "0", 5, False),  # Monday's early morning belongs to Sunday
        (time(22), time(6), "6", 5, True),
    ],
)
def test_active_hours_and_days(begin: time | None, end: time | None, days: str, hour: int, active: bool) -> None:
    rule = AlertRule(active_from=begin, active_until=end, active_days=days)

    assert rule.active_at(MONDAY + timedelta(hours=hour)) is active


def test_active_hours_are_those_of_the_time_zone() -> None:
    rule = AlertRule(active_from=time(9), active_until=time(17), time_zone="Asia/Tokyo")

    assert rule.active_at(MONDAY + timedelta(hours=1))
    assert not rule.active_at(MONDAY + timedelta(hours=9))


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc", "Europe", ""])
def test_an_unknown_time_zone_counts_as_utc(zone: str) -> None:
    rule = AlertRule(active_from=time(9), active_until=time(17), time_zone=zone)

    assert rule.active_at(MONDAY + timedelta(hours=9))


def test_paused_and_expired_are_moments() -> None:
    rule = AlertRule(paused_until=MONDAY, expires_at=MONDAY)
    before = MONDAY - timedelta(seconds=1)

    assert (rule.paused_at(before), rule.expired_at(before)) == (True, False)
    assert (rule.paused_at(MONDAY), rule.expired_at(MONDAY)) == (False, True)


def test_one_rule_has_one_state_per_symbol(rule: AlertRule, bitcoin: WatchedSymbol) -> None:
    row = RuleState.objects.create(rule=rule, watched=bitcoin, version=1, phase="firing", holds=True, fires=2)

    assert row.value == State(1, Phase.FIRING, True, 0, None, 2, None, 0)
    with pytest.raises(IntegrityError):
        RuleState.objects.create(rule=rule, watched=bitcoin, version=2, phase="unknown")


@pytest.mark.parametrize(
    ("condition", "fields", "words"),
    [
        ("above", {}, "All symbols crosses above 95000"),
        ("change_below", {"threshold": Decimal("-5.50")}, "All symbols 24 h change below -5.5 %"),
        ("moved", {"threshold": Decimal(3), "window_seconds": 60}, "All symbols moved by 3 % within 60 s"),
        ("leaves", {"upper": Decimal(96000)}, "All symbols leaves 95000 to 96000"),
    ],
)
def test_a_rule_says_itself(condition: str, fields: dict[str, Any], words: str) -> None:
    assert str(AlertRule(**{"condition": condition, "threshold": Decimal("95000.000"), **fields})) == words
