"""A tick looks at the rules it concerns, however many there are."""

from decimal import Decimal

import pytest

from market.core import crossing
from market.core.crossing import Moment
from market.core.engine import Engine
from market.core.rule import Condition, Rule, RuleState
from market.core.triggers import SPARE, Slot, Triggers
from tests.support.rules import NOON_MS, quote, rule

RULES = 2000


def placed(*book: Rule, value: str) -> tuple[Triggers, list[Slot]]:
    """Triggers whose rules have seen `value` as their first."""
    triggers, slots = Triggers(), [Slot(each, None) for each in book]
    for slot in slots:
        triggers.add(slot)
    assert judged(triggers, value) == slots
    return triggers, slots


def judged(triggers: Triggers, text: str) -> list[Slot]:
    value = Decimal(text)
    due = triggers.take(value, NOON_MS)
    for slot in due:
        step = crossing.step(slot.rule, slot.state, Moment(value, value, NOON_MS))
        slot.state = slot.state if step is None else step.after
    triggers.put_back(due, value)
    return due


def test_only_rules_whose_threshold_was_passed_are_looked_at() -> None:
    triggers, slots = placed(*(rule(threshold=str(100 + number), id=number) for number in range(RULES)), value="99")

    assert judged(triggers, "99.9") == []
    assert judged(triggers, "102") == slots[:3]
    assert judged(triggers, "102") == []


def test_a_tick_among_many_rules_asks_none_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine()
    engine.load((rule(threshold=str(100 + number), id=number), None) for number in range(RULES))
    engine.judge(quote("99"), None)
    asked: list[int] = []
    step = crossing.step

    def counted(each: Rule, state: RuleState, now: Moment) -> crossing.Step | None:
        asked.append(each.id)
        return step(each, state, now)

    monkeypatch.setattr(crossing, "step", counted)
    for number in range(100):
        engine.judge(quote(f"99.{number:02}", at=number), None)
    engine.judge(quote("101", at=100), None)

    assert asked == [0, 1]


def test_a_dropped_rule_is_not_looked_at() -> None:
    triggers, slots = placed(rule(id=1), rule(id=2), value="99")
    triggers.remove(slots[0])

    assert len(triggers) == 1
    assert judged(triggers, "100") == [slots[1]]


def test_a_price_that_swings_leaves_no_heap_of_outdated_entries() -> None:
    triggers, _ = placed(rule(Condition.CROSS), value="99")
    for _ in range(500):
        judged(triggers, "100")
        judged(triggers, "99")

    assert max(len(triggers._up), len(triggers._down)) <= 2 + SPARE + 1


@pytest.mark.parametrize("prices", ["90 120", "120 90"])
def test_a_range_that_was_jumped_over_is_waited_for_from_the_other_side(prices: str) -> None:
    before, beyond = prices.split()
    triggers, (slot,) = placed(rule(Condition.ENTERS, upper="110"), value=before)
    state: RuleState = slot.state

    assert judged(triggers, beyond) == [slot]
    assert slot.state == state
    assert judged(triggers, "105") == [slot]
    assert slot.state.fires == 1
