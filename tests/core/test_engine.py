"""The engine decides what a slow, plain oracle decides, whatever the ticks, rules, edits and restarts."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from market.core.engine import Engine
from market.core.quote import Quote
from market.core.rule import Condition, Decision, Frequency, Rule, RuleKey, RuleState
from tests.support.oracle import Oracle
from tests.support.rules import NOON_MS, PLAIN

RANGES = (Condition.ENTERS, Condition.LEAVES)
PERCENTS = (Condition.CHANGE_ABOVE, Condition.CHANGE_BELOW)
SYMBOLS = ("BTCUSDT", "ETHUSDT")

# Few different numbers, so that ticks meet thresholds and re-arm distances exactly.
PRICES = st.integers(190, 210).map(lambda half: Decimal(half) / 2)
CHANGES = st.none() | st.integers(-4, 4).map(lambda half: Decimal(half) / 2)
DISTANCES = st.sampled_from([Decimal(0), Decimal("0.5"), Decimal(1), Decimal(2), Decimal(9)])


@st.composite
def rules(draw: st.DrawFn, *, number: int) -> Rule:
    condition = draw(st.sampled_from(Condition))
    threshold, upper = draw(PRICES), None
    if condition in RANGES:
        upper = threshold + draw(DISTANCES)
    elif condition in PERCENTS:
        threshold = Decimal(draw(st.integers(-3, 3))) / 2
    elif condition is Condition.MOVED:
        threshold = Decimal(draw(st.integers(1, 12))) / 4
    return replace(
        PLAIN,
        id=number,
        symbol=draw(st.sampled_from(SYMBOLS)),
        condition=condition,
        threshold=threshold,
        upper=upper,
        rearm=draw(DISTANCES),
        window_ms=draw(st.sampled_from([1, 3, 40, 2500])) if condition is Condition.MOVED else 0,
        hold_ms=draw(st.sampled_from([0, 0, 1, 5])),
        frequency=draw(st.sampled_from(Frequency)),
        interval_ms=draw(st.sampled_from([1, 10])),
        fire_if_holds=draw(st.booleans()),
    )


@st.composite
def markets(draw: st.DrawFn) -> list[Quote]:
    """Quotes in the order of their exchange time; many have the same."""
    at, quotes = NOON_MS, []
    for _ in range(draw(st.integers(1, 40))):
        at += draw(st.sampled_from([0, 0, 1, 2, 6, 900]))
        numbers = {"price": draw(PRICES)}
        if (change := draw(CHANGES)) is not None:
            numbers["change_24h"] = change
        quotes.append(Quote("binance", draw(st.sampled_from(SYMBOLS)), "simulator", at, numbers))
    return quotes


BOOKS = st.integers(1, 6).flatmap(lambda many: st.tuples(*(rules(number=number) for number in range(1, many + 1))))


def unexplained(decisions: Iterable[Decision]) -> list[Decision]:
    return [replace(decision, why="") for decision in decisions]


@dataclass
class Pair:
    """The engine and the oracle, given the same. `persisted` is what a database would hold."""

    engine: Engine
    oracle: Oracle
    persisted: dict[RuleKey, RuleState]

    @classmethod
    def start(cls, book: Iterable[Rule], persisted: dict[RuleKey, RuleState] | None = None) -> "Pair":
        pair = cls(Engine(), Oracle(), persisted or {})
        pair.load(book)
        return pair

    def load(self, book: Iterable[Rule], *, whole: bool = True) -> None:
        loaded = [(each, self.persisted.get(each.key)) for each in book]
        self.engine.load(loaded, whole=whole)
        self.oracle.load(loaded, whole=whole)

    def judge(self, tick: Quote, previous: Quote | None = None) -> list[Decision]:
        decided = self.engine.judge(tick, previous)
        assert unexplained(decided) == self.oracle.judge(tick, previous)
        for decision in decided:
            assert decision.why
            self.persisted[decision.rule.key] = decision.after
        return decided


@given(BOOKS, markets())
def test_the_engine_decides_what_the_oracle_decides(book: tuple[Rule, ...], market: list[Quote]) -> None:
    pair = Pair.start(book)
    for tick, previous in zip(market, [None, *market], strict=False):
        pair.judge(tick, previous)


@given(BOOKS, markets(), markets(), st.booleans())
def test_a_restart_goes_on_from_what_was_persisted(
    book: tuple[Rule, ...], market: list[Quote], later: list[Quote], earlier_clock: bool
) -> None:
    pair = Pair.start(book)
    for tick in market:
        pair.judge(tick)
    away_ms = -5000 if earlier_clock else 3
    restarted = Pair.start(book, pair.persisted)
    for tick in later:
        moved = replace(tick, time_ms=tick.time_ms - NOON_MS + market[-1].time_ms + away_ms)
        restarted.judge(moved)


@st.composite
def edits(draw: st.DrawFn, book: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Rules dropped, changed (as a new version, or without one), and left alone."""
    edited = []
    for each in book:
        what = draw(st.sampled_from(["drop", "change", "resize", "keep"]))
        if what == "change":
            edited.append(replace(draw(rules(number=each.id)), version=each.version + 1))
        elif what == "resize":
            changes = {"rearm": DISTANCES, "hold_ms": st.sampled_from([0, 5]), "frequency": st.sampled_from(Frequency)}
            edited.append(replace(each, **draw(st.fixed_dictionaries({}, optional=changes))))
        elif what == "keep":
            edited.append(each)
    return (*edited, draw(rules(number=99)))


@given(BOOKS.flatmap(lambda book: st.tuples(st.just(book), edits(book))), markets(), markets())
def test_edits_keep_the_state_of_what_they_leave_alone(
    books: tuple[tuple[Rule, ...], tuple[Rule, ...]], market: list[Quote], later: list[Quote]
) -> None:
    before, edited = books
    pair = Pair.start(before)
    for tick in market:
        pair.judge(tick)
    pair.load(edited)
    for tick in later:
        pair.judge(replace(tick, time_ms=tick.time_ms - NOON_MS + market[-1].time_ms))


@given(BOOKS, markets())
@settings(max_examples=50)
def test_changes_one_by_one_are_as_good_as_the_whole(book: tuple[Rule, ...], market: list[Quote]) -> None:
    pair = Pair.start(book)
    for number, tick in enumerate(market):
        pair.load([book[number % len(book)]], whole=False)
        pair.judge(tick)
    pair.engine.drop(each.key for each in book)
    assert len(pair.engine) == 0
    assert pair.engine.judge(market[-1], None) == []
