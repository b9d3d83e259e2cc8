"""Where a rule stands, and why it did not fire."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from market.core.rule import Phase
from market.core.rule import RuleState as State
from market.core.wire import WireQuote
from market.models import AlertRule, WatchedSymbol
from market.standing import Standing, standing

NOW = datetime(2026, 1, 12, 12, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)


def quote(price: str = "94990", change: str = "2.5") -> WireQuote:
    return WireQuote("binance", "BTCUSDT", "simulator", NOW_MS, {"price": price, "change_24h": change})


def state(phase: Phase, **fields: Any) -> State:
    known = {"version": 1, "holds": False, "since_ms": NOW_MS - 5000, "fired_ms": None, "fires": 0}
    return State(**{**known, "phase": phase, "price": Decimal(94980), "time_ms": NOW_MS, **fields})


def stand(
    *,
    known: State | None = None,
    price: WireQuote | None = None,
    watched: bool = True,
    filled_ms: int | None = None,
    **fields: Any,
) -> Standing:
    row = AlertRule(**{"condition": "above", "threshold": Decimal(95000), **fields})
    symbol = WatchedSymbol(symbol="BTCUSDT", tick_size=Decimal("0.01"), enabled=watched)
    return standing(row, symbol, state=known, quote=price, now=NOW, filled_ms=filled_ms)


def test_it_says_price_side_and_distance() -> None:
    now = stand(known=state(Phase.INACTIVE), price=quote())

    assert now.last_tick == "94990 at 2026-01-12 12:00:00.000 UTC, simulator; 2.5 % in 24 h"
    assert now.side == "the condition does not hold"
    assert now.distance == "10 (0.011 %) below 95000"
    assert now.state == "inactive since 2026-01-12 11:59:55.000 UTC"
    assert now.reasons == ("Nothing was crossed: 10 (0.011 %) below 95000.",)


@pytest.mark.parametrize(
    ("filled_ms", "words"),
    [
        (None, "Nothing of its window is kept yet"),
        (NOW_MS - 60_000, "Its window of 3600 s is filled since 2026-01-12 11:59:00.000 UTC"),
        (NOW_MS - 3_600_000, ""),
    ],
)
def test_of_a_move_it_says_since_when_its_window_is_filled(filled_ms: int | None, words: str) -> None:
    now = stand(known=state(Phase.INACTIVE), price=quote(), condition="moved", window_seconds=3600, filled_ms=filled_ms)

    said = [reason for reason in now.reasons if "window" in reason and "measured" not in reason]
    assert [reason.startswith(words) for reason in said] == ([True] if words else [])


def test_without_a_price_it_says_so() -> None:
    now = stand()

    assert now.last_tick == "This process has no price of it."
    assert (now.side, now.distance, now.fires_at_once) == ("unknown", "unknown", "unknown")


def test_without_a_price_the_persisted_one_is_told() -> None:
    now = stand(known=state(Phase.INACTIVE))

    assert "The last one that changed its state: 94980 at 2026-01-12" in now.last_tick
    assert now.side == "the condition does not hold"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"enabled": False}, "switched off"),
        ({"paused_until": NOW + timedelta(hours=1)}, "paused until 2026-01-12 13:00:00 UTC"),
        ({"expires_at": NOW - timedelta(hours=1)}, "expired at 2026-01-12 11:00:00 UTC"),
        ({"active_days": "5"}, "outside its active hours (UTC)"),
        ({"watched": False}, "BTCUSDT is not watched now"),
    ],
)
def test_the_first_reason_is_that_it_is_not_judged(fields: dict[str, Any], reason: str) -> None:
    assert reason in stand(known=state(Phase.INACTIVE), price=quote(), **fields).reasons[0]


@pytest.mark.parametrize(
    ("known", "fields", "reason"),
    [
        (None, {}, "No price came since it was made or changed"),
        (state(Phase.INACTIVE, version=7), {}, "No price came since it was made or changed"),
        (state(Phase.PENDING, holds=True), {"hold_seconds": 30}, "It holds since 5 s of the 30 s it has to."),
        (state(Phase.FIRING, holds=True), {}, "not gone back by the re-arm distance of 95."),
        (state(Phase.RECOVERING), {}, "not gone back by the re-arm distance of 95."),
        (state(Phase.INACTIVE, holds=True), {}, "it has to fail and hold again"),
        (state(Phase.INACTIVE, fires=1), {"frequency": "once"}, "It fires once, and it has."),
        (
            state(Phase.INACTIVE, fires=1, fired_ms=NOW_MS - 20_000),
            {"frequency": "interval", "interval_seconds": 60},
            "It fired less than its interval ago: 40 s left.",
        ),
    ],
)
def test_then_what_the_state_waits_for(known: State | None, fields: dict[str, Any], reason: str) -> None:
    assert reason in stand(known=known, price=quote(), **fields).reasons[0]


def test_the_cooldown_that_is_left() -> None:
    fired = state(Phase.INACTIVE, fires=3, fired_ms=NOW_MS - 20_000)

    now = stand(known=fired, price=quote(), frequency="interval", interval_seconds=60)

    assert (now.cooldown, now.fired) == ("40 s left", "3 times, last 2026-01-12 11:59:40.000 UTC")


@pytest.mark.parametrize(
    ("fields", "price", "words"),
    [
        ({"fire_if_holds": True}, "95000", "yes"),
        ({"fire_if_holds": True, "hold_seconds": 30}, "95000", "yes, once it has held for 30 s"),
        ({"fire_if_holds": True}, "94999.99", "no: the condition does not hold now"),
        ({}, "95000", "no: the condition holds already, so it has to fail and hold again first"),
        ({"condition": "cross", "fire_if_holds": True}, "95000", "no: the first price only sets the side"),
        ({"condition": "moved", "window_seconds": 60}, "95000", "only known once prices of its window were seen"),
        (
            {"condition": "enters", "upper": Decimal(96000), "fire_if_holds": True},
            "95500",
            "yes",
        ),
        ({"condition": "change_above", "threshold": Decimal(2), "fire_if_holds": True}, "1", "yes"),
    ],
)
def test_whether_it_would_fire_at_once(fields: dict[str, Any], price: str, words: str) -> None:
    assert stand(price=quote(price), **fields).fires_at_once == words


@pytest.mark.parametrize(
    ("fields", "price", "words"),
    [
        ({}, "95000", "0: it is at 95000"),
        ({"condition": "enters", "upper": Decimal(96000)}, "95900", "100 (0.104 %) below 96000"),
        ({"condition": "change_above", "threshold": Decimal(4)}, "1", "1.5 percent points below 4"),
        ({"condition": "moved", "window_seconds": 60}, "1", "not of one price: a move is measured within its window"),
    ],
)
def test_the_distance_is_that_of_what_is_watched(fields: dict[str, Any], price: str, words: str) -> None:
    assert stand(price=quote(price), **fields).distance == words


@pytest.mark.parametrize(
    ("condition", "price", "side"),
    [
        ("enters", "95500", "inside the range"),
        ("enters", "94000", "outside the range"),
        ("leaves", "94000", "outside the range"),
        ("cross", "95000", "above"),
        ("cross", "94000", "below"),
    ],
)
def test_the_side_has_the_words_of_the_condition(condition: str, price: str, side: str) -> None:
    upper = None if condition == "cross" else Decimal(96000)

    assert stand(price=quote(price), condition=condition, upper=upper).side == side
