"""After a restart the venue says again what was judged, also within one millisecond: nothing is decided twice."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from market.core.engine import Engine
from market.core.merge import RENUMBERED_AFTER_MS
from market.core.quote import Quote
from market.core.rule import Condition, Frequency, Rule, RuleKey, RuleState
from tests.support.rules import NOON_MS, rule

BOOK = [
    rule(Condition.ABOVE, id=1),
    rule(Condition.BELOW, id=2, rearm="0"),
    rule(Condition.CROSS, id=3),
    rule(Condition.ENTERS, "98", upper="102", id=4),
    rule(Condition.LEAVES, "98", upper="102", id=5, hold_ms=2),
    rule(Condition.ABOVE, id=6, frequency=Frequency.INTERVAL, interval_ms=3),
    rule(Condition.ABOVE, id=7, frequency=Frequency.ONCE, fire_if_holds=True),
]
TRADES = st.lists(st.tuples(st.integers(0, 1), st.integers(95, 105)), min_size=1, max_size=60)
States = dict[RuleKey, RuleState]


def quotes(trades: list[tuple[int, int]]) -> list[Quote]:
    """(ms after the one before, price): many have the same time, each has an id of its own."""
    made, now = [], NOON_MS
    for number, (after, price) in enumerate(trades):
        now += after
        made.append(Quote("binance", "BTCUSDT", "simulator", now, {"price": Decimal(price)}, number))
    return made


def judged(said: list[Quote], states: States) -> list[tuple[Rule, int | None, int]]:
    """What fires, by a feed that starts with these states and leaves those of its end."""
    engine, previous, fired = Engine(), None, []
    engine.load((each, states.get(each.key)) for each in BOOK)
    for quote in said:
        for decision in engine.judge(quote, previous):
            states[decision.rule.key] = decision.after
            if decision.fires:
                fired.append((decision.rule, decision.after.trade_id, decision.after.fires))
        previous = quote
    return fired


@given(TRADES, st.data())
def test_what_is_said_again_decides_nothing(trades: list[tuple[int, int]], data: st.DataObject) -> None:
    said = quotes(trades)
    died = data.draw(st.integers(1, len(said)))
    again = data.draw(st.integers(0, died))
    states: States = {}

    fired = judged(said[:died], states) + judged(said[again:], states)

    assert fired == judged(said, {})


def test_a_venue_that_counts_its_trades_anew_is_heard_after_a_while() -> None:
    states: States = {}
    judged([Quote("binance", "BTCUSDT", "simulator", NOON_MS, {"price": Decimal(99)}, 1_000_000)], states)

    late = Quote("binance", "BTCUSDT", "simulator", NOON_MS + RENUMBERED_AFTER_MS + 1, {"price": Decimal(101)}, 1)

    assert 1 in {each.id for each, _, _ in judged([late], states)}
