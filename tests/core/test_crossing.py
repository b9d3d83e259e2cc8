"""One rule, tick by tick: when it fires, and when it does not."""

from dataclasses import replace
from decimal import Decimal

import pytest

from market.core import crossing
from market.core.engine import Engine
from market.core.rule import Condition, Decision, Frequency, Phase, Rule, RuleState
from tests.support.rules import NOON_MS, quote, rule

SECOND = 1000


def judged(engine: Engine, *prices: str, start: int = 0, every: int = SECOND) -> list[Decision]:
    return [
        decision
        for number, price in enumerate(prices)
        for decision in engine.judge(quote(price, at=start + number * every), None)
    ]


def decided(each: Rule, *prices: str, state: RuleState | None = None) -> list[Decision]:
    """What a rule decides about prices that are a second apart."""
    engine = Engine()
    engine.load([(each, state)])
    return judged(engine, *prices)


def fired(each: Rule, *prices: str, state: RuleState | None = None) -> list[str]:
    """The prices at which it fires."""
    return [str(decision.price) for decision in decided(each, *prices, state=state) if decision.fires]


@pytest.mark.parametrize(
    ("each", "prices", "fires"),
    [
        (rule(Condition.ABOVE), "99 100 101", "100"),
        (rule(Condition.ABOVE), "99 250", "250"),
        (rule(Condition.BELOW), "101 100 99", "100"),
        (rule(Condition.CROSS), "99 100 98 102 99.99", "100 98 102 99.99"),
        (rule(Condition.ENTERS, upper="110"), "99 105", "105"),
        (rule(Condition.ENTERS, upper="110"), "111 110", "110"),
        (rule(Condition.ENTERS, upper="110"), "99 111 99", ""),
        (rule(Condition.LEAVES, upper="110"), "100 99.9", "99.9"),
        (rule(Condition.LEAVES, upper="110"), "105 110 110.1", "110.1"),
    ],
)
def test_the_first_price_beyond_the_threshold_fires(each: Rule, prices: str, fires: str) -> None:
    assert fired(each, *prices.split()) == fires.split()


@pytest.mark.parametrize("condition", [Condition.ABOVE, Condition.CROSS])
def test_the_first_tick_only_sets_the_side(condition: Condition) -> None:
    first, *others = decided(rule(condition), "101", "102", "103")

    assert (first.after.phase, first.after.holds, first.fires, others) == (Phase.INACTIVE, True, False, [])


def test_after_the_first_tick_the_next_crossing_fires_whatever_the_distance() -> None:
    assert fired(rule(), "101", "99.99", "100") == ["100"]


def test_a_rule_that_already_holds_fires_at_once_when_told_to() -> None:
    assert fired(rule(fire_if_holds=True), "101", "102") == ["101"]
    assert fired(rule(fire_if_holds=True, hold_ms=2 * SECOND), "101", "102", "103") == ["103"]


@pytest.mark.parametrize(
    ("each", "prices", "fires"),
    [
        (rule(Condition.ABOVE), "99 100 99.01 100 99 100", "100 100"),
        (rule(Condition.BELOW), "101 100 100.99 100 101 100", "100 100"),
        (rule(Condition.CROSS), "99 100 99.5 100 99.01 100.5", "100"),
        (rule(Condition.CROSS), "99 100 99.5 99", "100 99"),
        (rule(Condition.CROSS), "99 100 101 99.9", "100 99.9"),
        (rule(Condition.ENTERS, upper="110"), "99 100 99.5 100 111 110", "100 110"),
        (rule(Condition.LEAVES, upper="110"), "105 99 100.5 99 101 99", "99 99"),
        (rule(Condition.LEAVES, upper="101", rearm="50"), "100.5 99 100.6 99 100.5 99", "99 99"),
        (rule(Condition.ABOVE, rearm="0"), "99 100 99.99 100 100 100", "100 100"),
        (rule(Condition.CROSS, rearm="0"), "99 100 100 99.99 100", "100 99.99 100"),
    ],
)
def test_after_a_fire_it_has_to_go_back_by_the_distance(each: Rule, prices: str, fires: str) -> None:
    assert fired(each, *prices.split()) == fires.split()


def test_a_fire_goes_through_recovering_to_inactive() -> None:
    phases = [decision.after.phase for decision in decided(rule(), "99", "100", "99.9", "100", "99.5", "98")]

    assert phases == [Phase.INACTIVE, Phase.FIRING, Phase.RECOVERING, Phase.INACTIVE]


def test_a_condition_has_to_hold_as_long_as_it_was_told() -> None:
    patient = rule(hold_ms=2 * SECOND)

    assert fired(patient, "99", "100", "101", "102") == ["102"]
    assert fired(patient, "99", "100", "99.9", "100", "101") == []
    assert fired(patient, "99", "100", "101", "99.9") == []


def test_ticks_of_one_millisecond_each_count() -> None:
    engine = Engine()
    engine.load([(rule(), None)])

    decisions = judged(engine, "99", "100", "99", "100", "99", every=0)

    assert [decision.fires for decision in decisions] == [False, True, False, True, False]
    assert {decision.time_ms for decision in decisions} == {NOON_MS}


def test_once_is_once_for_ever() -> None:
    once = rule(frequency=Frequency.ONCE)
    decisions = decided(once, "99", "100", "98", "100", "98")

    assert [decision.fires for decision in decisions] == [False, True, False]
    assert fired(once, "100", state=decisions[-1].after) == []


def test_a_crossing_either_way_that_fired_once_is_over() -> None:
    once = rule(Condition.CROSS, frequency=Frequency.ONCE)
    decisions = decided(once, "99", "100", "98", "103", "98")

    assert [decision.after.phase for decision in decisions] == [Phase.INACTIVE, Phase.FIRING, Phase.INACTIVE]
    assert crossing.awaited(once, decisions[-1].after) == ()


def test_a_rule_that_fired_and_is_then_told_to_fire_once_does_not_fire_again() -> None:
    waiting = replace(STANDING, phase=Phase.PENDING, holds=True, fires=2)

    assert fired(rule(frequency=Frequency.ONCE, hold_ms=1), "101", "102", state=waiting) == []


def test_an_interval_passes_over_crossings_until_it_has_gone_by() -> None:
    seldom = rule(frequency=Frequency.INTERVAL, interval_ms=4 * SECOND)
    decisions = decided(seldom, "99", "100", "98", "101", "98", "102")

    assert [str(decision.price) for decision in decisions if decision.fires] == ["100", "102"]
    assert "at most once every 4 s, 2 s left" in decisions[3].why


def test_the_change_of_a_day_is_watched_where_the_quote_says_it() -> None:
    engine = Engine()
    engine.load([(rule(Condition.CHANGE_ABOVE, "5"), None), (rule(Condition.CHANGE_BELOW, "-5", id=2), None)])
    decisions = []
    for number, change in enumerate([None, "4", None, "5", "-6"]):
        decisions += engine.judge(quote("100", at=number, change=change), None)

    assert [(decision.rule.id, decision.time_ms - NOON_MS) for decision in decisions if decision.fires] == [
        (1, 3),
        (2, 4),
    ]


def test_a_move_within_the_window_fires_in_either_direction() -> None:
    moved = rule(Condition.MOVED, "5", window_ms=2 * SECOND)

    assert fired(moved, "100", "102", "105") == ["105"]
    assert fired(moved, "100", "98", "95") == ["95"]
    assert fired(moved, "100", "102", "104", "106", "108") == []


STANDING = RuleState(1, Phase.INACTIVE, False, NOON_MS, None, 0, Decimal(99), NOON_MS)


def test_a_crossing_missed_while_down_fires_once_and_is_late() -> None:
    decisions = decided(rule(), "101", "102", "98", "101", state=STANDING)

    assert [(decision.fires, decision.late) for decision in decisions] == [(True, True), (False, False), (True, False)]


def test_what_was_fired_before_a_restart_is_not_fired_again() -> None:
    assert fired(rule(), "101", "102", state=replace(STANDING, phase=Phase.FIRING, holds=True)) == []
    assert fired(rule(), "101", "102", state=replace(STANDING, phase=Phase.RECOVERING)) == []


def test_the_state_of_another_version_is_not_taken() -> None:
    assert fired(rule(version=2), "101", "102", state=STANDING) == []


def test_a_fire_of_a_clock_that_was_ahead_does_not_silence_a_rule() -> None:
    seldom = rule(frequency=Frequency.INTERVAL, interval_ms=SECOND)
    ahead = replace(STANDING, fired_ms=NOON_MS + 10**12, fires=3)

    assert fired(seldom, "101", state=ahead) == ["101"]


def test_a_wait_begun_by_a_clock_that_was_ahead_begins_anew() -> None:
    waiting = replace(STANDING, phase=Phase.PENDING, holds=True, since_ms=NOON_MS + 10**12)

    assert fired(rule(hold_ms=2 * SECOND), "101", "102", "103", state=waiting) == ["103"]


def test_after_an_interruption_what_the_next_tick_fires_is_late() -> None:
    engine = Engine()
    engine.load([(rule(), None), (rule(threshold="110", id=2), None)])
    judged(engine, "99")
    engine.interrupt()

    late = judged(engine, "101", start=60 * SECOND)
    in_time = judged(engine, "111", start=61 * SECOND)

    assert [(decision.rule.id, decision.late) for decision in late + in_time] == [(1, True), (2, False)]


def test_a_tick_that_concerns_nobody_ends_an_interruption() -> None:
    engine = Engine()
    engine.load([(rule(), None)])
    judged(engine, "99")
    engine.interrupt()

    assert [decision.late for decision in judged(engine, "99.5", "101", start=SECOND)] == [False]


def test_a_window_that_nobody_asks_for_is_forgotten() -> None:
    moved = rule(Condition.MOVED, "5", window_ms=60 * SECOND, fire_if_holds=True)
    engine = Engine()
    engine.load([(moved, None)])
    judged(engine, "100")
    engine.drop([moved.key])
    engine.load([(moved, None)])
    assert [decision.fires for decision in judged(engine, "110", start=SECOND)] == [False]

    engine.load([(replace(moved, version=2), None)], whole=True)
    assert [decision.fires for decision in judged(engine, "116", start=2 * SECOND)] == [True]


def test_a_state_that_somebody_else_wrote_is_gone_on_from() -> None:
    engine = Engine()
    engine.load([(rule(), None)])
    judged(engine, "99")
    engine.reset((1, "binance", "BTCUSDT"), replace(STANDING, phase=Phase.FIRING, holds=True, fires=1))

    assert judged(engine, "101") == []
    assert engine.state((1, "binance", "BTCUSDT")) == replace(STANDING, phase=Phase.FIRING, holds=True, fires=1)


@pytest.mark.parametrize("missed", [True, False])
def test_what_fires_after_a_correction_is_late_only_if_something_was_missed(missed: bool) -> None:
    engine = Engine()
    engine.load([(rule(), None)])
    judged(engine, "99")
    engine.reset((1, "binance", "BTCUSDT"), STANDING, missed=missed)

    assert [decision.late for decision in judged(engine, "101")] == [missed]


@pytest.mark.parametrize(
    ("each", "prices", "why"),
    [
        (rule(), "99 100.50", "100.50 is at or above 100"),
        (rule(Condition.CROSS), "100 99", "99 is below 100"),
        (rule(hold_ms=500), "99 100 101", "101 is at or above 100, for 0.5 s"),
        (rule(Condition.LEAVES, upper="1E+2"), "100 99", "99 is outside 100 to 100"),
        (rule(Condition.MOVED, "3", window_ms=60_000), "90 93", "moved by 3.3333 % within 60 s, at least 3 %"),
    ],
)
def test_an_alert_says_why(each: Rule, prices: str, why: str) -> None:
    assert [decision.why for decision in decided(each, *prices.split()) if decision.fires] == [why]


def test_a_range_without_a_top_is_refused() -> None:
    with pytest.raises(ValueError, match="needs its top"):
        crossing.holds(rule(Condition.ENTERS), Decimal(1))
