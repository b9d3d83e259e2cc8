"""Impossible rules, and the sentence that each is refused with."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from market.models import AlertRule, WatchedSymbol
from market.rule_limits import refusals

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 12, 12, tzinfo=UTC)
BEFORE, AFTER = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
PRICE = {"condition": "above", "threshold": Decimal(95000)}
CHANGE = {"condition": "change_below", "threshold": Decimal(-5)}
MOVE = {"condition": "moved", "threshold": Decimal(3), "window_seconds": 60}
RANGE = {"condition": "enters", "threshold": Decimal(90), "upper": Decimal(95)}


@pytest.fixture
def bitcoin() -> WatchedSymbol:
    return WatchedSymbol.objects.create(symbol="BTCUSDT", tick_size=Decimal("0.01"))


@pytest.mark.parametrize(
    "fields",
    [
        PRICE,
        CHANGE,
        {**CHANGE, "watched": None},
        MOVE,
        {**MOVE, "watched": None},
        RANGE,
        {**PRICE, "threshold": Decimal("0.01"), "rearm": Decimal(0)},
        {**PRICE, "rearm": Decimal(200), "rearm_unit": "ticks"},
        {**PRICE, "frequency": "interval", "interval_seconds": 60},
        {**PRICE, "active_from": time(22), "active_until": time(6), "time_zone": "Europe/Berlin"},
        {**PRICE, "expires_at": AFTER},
    ],
)
def test_a_sensible_rule_passes(bitcoin: WatchedSymbol, fields: dict[str, Any]) -> None:
    assert list(refusals(AlertRule(**{"watched": bitcoin, **fields}), NOW)) == []


@pytest.mark.parametrize(
    ("fields", "name", "reason"),
    [
        ({**PRICE, "threshold": Decimal(0)}, "threshold", "A price is more than 0."),
        ({**PRICE, "threshold": Decimal(-1)}, "threshold", "A price is more than 0."),
        ({**PRICE, "threshold": Decimal("95000.005")}, "threshold", "take 95000 or 95000.01"),
        ({**PRICE, "threshold": Decimal("999999999999.000000000000000001")}, "threshold", "take 999999999999 or"),
        ({**PRICE, "watched": None}, "watched", "One price for all symbols"),
        ({**PRICE, "upper": Decimal(96000)}, "upper", "Only a range"),
        ({**PRICE, "window_seconds": 60}, "window_seconds", "Only a move"),
        ({**PRICE, "rearm": Decimal(-1)}, "rearm", "not negative"),
        ({**PRICE, "rearm": Decimal(100)}, "rearm", "go back to 0"),
        ({**CHANGE, "threshold": Decimal(-100)}, "threshold", "No price falls by 100"),
        ({**CHANGE, "rearm_unit": "ticks"}, "rearm_unit", "in percent"),
        ({**MOVE, "threshold": Decimal(0)}, "threshold", "more than 0 percent"),
        ({**MOVE, "window_seconds": 0}, "window_seconds", "1 to 86400"),
        ({**MOVE, "window_seconds": None}, "window_seconds", "1 to 86400"),
        ({**MOVE, "window_seconds": 86_401}, "window_seconds", "1 to 86400"),
        ({**RANGE, "upper": None}, "upper", "needs an upper end"),
        ({**RANGE, "upper": Decimal(90)}, "upper", "above 90"),
        ({**RANGE, "upper": Decimal("95.001")}, "upper", "steps of 0.01"),
        ({**PRICE, "hold_seconds": 86_401}, "hold_seconds", "a day"),
        ({**PRICE, "frequency": "interval"}, "interval_seconds", "how many seconds"),
        ({**PRICE, "frequency": "interval", "interval_seconds": 0}, "interval_seconds", "how many seconds"),
        ({**PRICE, "interval_seconds": 60}, "interval_seconds", "at most once"),
        ({**PRICE, "active_from": time(9)}, "active_until", "both ends"),
        ({**PRICE, "active_until": time(9)}, "active_from", "both ends"),
        ({**PRICE, "active_from": time(9), "active_until": time(9)}, "active_until", "never be active"),
        ({**PRICE, "time_zone": "Mars/Olympus"}, "time_zone", "no time zone"),
        ({**PRICE, "expires_at": BEFORE}, "expires_at", "in the past"),
        ({**PRICE, "paused_until": BEFORE}, "paused_until", "in the past"),
        ({**PRICE, "expires_at": AFTER, "paused_until": AFTER}, "paused_until", "expire before"),
    ],
)
def test_an_impossible_rule_is_refused_with_a_reason(
    bitcoin: WatchedSymbol, fields: dict[str, Any], name: str, reason: str
) -> None:
    found = dict(refusals(AlertRule(**{"watched": bitcoin, **fields}), NOW))

    assert list(found) == [name]
    assert reason in found[name]


def test_ticks_of_an_unknown_tick_size_are_refused() -> None:
    unknown = WatchedSymbol.objects.create(symbol="ETHUSDT")

    found = dict(refusals(AlertRule(watched=unknown, rearm_unit="ticks", **PRICE), NOW))

    assert found == {"rearm_unit": "The tick size of ETHUSDT is not known."}


def test_an_expiry_that_has_passed_since_is_no_reason(bitcoin: WatchedSymbol) -> None:
    rule = AlertRule.objects.create(watched=bitcoin, expires_at=BEFORE, paused_until=BEFORE, **PRICE)

    assert list(refusals(rule, NOW)) == []
