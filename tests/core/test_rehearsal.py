"""A rule played over minutes: the least and the most that any order within them gives, by the engine that judges."""

from dataclasses import replace
from decimal import Decimal
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from market.core.candle import Candle
from market.core.engine import Engine
from market.core.interval import MINUTE_MS
from market.core.quote import Quote
from market.core.rehearsal import PARTS, rehearse
from market.core.rule import Condition, Frequency, Rule
from tests.support.rules import NOON_MS, rule


def minutes(*prices: str) -> list[Candle]:
    """`"99 101 98 100"`: open, high, low and close of one minute after the other."""
    made = []
    for number, words in enumerate(prices):
        first, high, low, last = map(Decimal, words.split())
        made.append(Candle(NOON_MS + number * MINUTE_MS, first, high, low, last, Decimal(1), Decimal(1), 1))
    return made


def counted(asked: Rule, *prices: str) -> tuple[int, int]:
    made = rehearse(asked, minutes(*prices), start_ms=NOON_MS)
    return made.least, made.most


def test_a_crossing_between_two_minutes_is_certain() -> None:
    made = rehearse(rule(), minutes("98 99 97 99", "99.5 102 99.5 101"), start_ms=NOON_MS)

    assert (made.least, made.most, made.is_estimate) == (1, 1, False)
    (fired,) = made.fired
    assert (fired.candle.open_ms, fired.least, fired.most) == (NOON_MS + MINUTE_MS, 1, 1)
    assert (made.minutes, made.end_ms, made.left) == (2, NOON_MS + 2 * MINUTE_MS, 0)


def test_the_first_price_only_sets_the_side() -> None:
    assert counted(rule(), "101 103 101 102", "102 104 101 103") == (0, 0)


def test_orders_that_are_possible_one_minute_after_the_other_are_all_counted() -> None:
    """High first and low first in every minute give two each; low first and then high first gives one."""
    whole = "99.5 101 98 99.5"

    assert counted(rule(), "99 99 98 99.5", whole, whole) == (1, 2)


def test_a_wide_minute_may_fire_once_or_not_at_all() -> None:
    fires = ("98 98 98 98", "98 101 98 99.5")  # with its low last it is armed again, with its high last it is not
    made = rehearse(rule(), minutes(*fires, "99.5 101 99.5 99.5"), start_ms=NOON_MS)

    assert (made.least, made.most) == (1, 2)
    assert (made.fired[-1].least, made.fired[-1].most) == (0, 1)


def test_a_rule_that_fires_once_does() -> None:
    assert counted(rule(frequency=Frequency.ONCE), "98 98 98 98", "98 101 97 98", "98 101 97 98") == (1, 1)


def test_outside_the_active_hours_nothing_is_told_and_the_one_time_is_not_used_up() -> None:
    once = rule(frequency=Frequency.ONCE)
    walk = minutes("98 98 98 98", "98 101 97 98", "98 101 97 98")

    made = rehearse(once, walk, start_ms=NOON_MS, counts=lambda ms: ms >= NOON_MS + 2 * MINUTE_MS)

    assert (made.least, made.most) == (1, 1)
    assert made.fired[0].candle == walk[2]


def test_what_was_before_the_time_that_is_asked_for_does_not_count() -> None:
    walk = minutes("98 98 98 98", "98 101 98 98", "98 101 97 98")

    made = rehearse(rule(), walk, start_ms=NOON_MS + 2 * MINUTE_MS)

    assert (made.minutes, made.least, made.most) == (1, 1, 1)


def test_a_move_within_a_window_looks_back_over_minutes() -> None:
    moved = rule(Condition.MOVED, "2", window_ms=120_000, rearm="1")

    made = rehearse(moved, minutes("100 100 100 100", "100 101 100 101", "101 102.5 101 102.5"), start_ms=NOON_MS)

    assert (made.least, made.most, made.is_estimate) == (1, 1, True)


def test_a_change_of_a_day_is_reckoned_from_the_minute_a_day_before() -> None:
    day = 24 * 60
    before = [replace(each, open_ms=each.open_ms - day * MINUTE_MS) for each in minutes(*["100 100 100 100"] * 3)]
    rising = rule(Condition.CHANGE_ABOVE, "5", rearm="1")

    made = rehearse(
        rising, before + minutes("100 101 100 101", "101 104 101 104", "104.5 106 104.5 106"), start_ms=NOON_MS
    )

    assert (made.least, made.most, made.is_estimate) == (1, 1, True)


def test_it_ends_when_the_time_is_over_and_says_how_much_is_left() -> None:
    made = rehearse(rule(), minutes(*["98 98 98 98"] * 100), start_ms=NOON_MS, in_time=iter([True, False]).__next__)

    assert (made.minutes, made.left) == (64, 36)


PRICES = st.integers(94, 106).map(Decimal)


@st.composite
def candles(draw: st.DrawFn) -> list[Candle]:
    made = []
    for number in range(draw(st.integers(1, 4))):
        first, last, one, other = (draw(PRICES) for _ in range(4))
        high, low = max(first, last, one, other), min(first, last, one, other)
        made.append(Candle(NOON_MS + number * MINUTE_MS, first, high, low, last, Decimal(1), Decimal(1), 1))
    return made


@given(
    candles(),
    st.sampled_from([Condition.ABOVE, Condition.BELOW, Condition.CROSS, Condition.ENTERS, Condition.LEAVES]),
    st.sampled_from([Frequency.EVERY, Frequency.ONCE]),
    st.sampled_from(["0", "1", "2"]),
)
def test_the_bounds_are_those_of_every_order_tried_one_by_one(
    walk: list[Candle], condition: Condition, frequency: Frequency, rearm: str
) -> None:
    """The oracle: one engine for each of the 2^n orders of the whole walk."""
    upper = "103" if condition in (Condition.ENTERS, Condition.LEAVES) else None
    asked = rule(condition, "100", rearm=rearm, frequency=frequency, **({"upper": upper} if upper else {}))

    counts = [fires(asked, walk, order) for order in product((True, False), repeat=len(walk))]

    made = rehearse(asked, walk, start_ms=NOON_MS)
    assert (made.least, made.most) == (min(counts), max(counts))


def fires(asked: Rule, walk: list[Candle], order: tuple[bool, ...]) -> int:
    engine = Engine()
    engine.load([(asked, None)])
    total = 0
    for minute, high_first in zip(walk, order, strict=True):
        middle = (minute.high, minute.low) if high_first else (minute.low, minute.high)
        for part, price in zip(PARTS, (minute.open, *middle, minute.close), strict=True):
            quote = Quote("binance", "BTCUSDT", "replay", minute.open_ms + part, {"price": price})
            total += sum(decision.fires for decision in engine.judge(quote, None))
    return total


@given(candles(), st.lists(st.lists(PRICES, max_size=3), min_size=4, max_size=4))
def test_prices_that_no_candle_shows_never_make_it_fire_less(walk: list[Candle], more: list[list[Decimal]]) -> None:
    """What trembled between open, high, low and close only adds: "at least" holds for what really traded."""
    asked = rule(rearm="1")
    engine = Engine()
    engine.load([(asked, None)])
    total = 0
    for minute in walk:
        between = iter(more)
        prices = [minute.open]
        for price in (minute.high, minute.low, minute.close):
            prices += [min(max(each, minute.low), minute.high) for each in next(between)] + [price]
        for number, price in enumerate(prices):
            quote = Quote("binance", "BTCUSDT", "replay", minute.open_ms + number, {"price": price})
            total += sum(decision.fires for decision in engine.judge(quote, None))

    assert rehearse(asked, walk, start_ms=NOON_MS).least <= total
