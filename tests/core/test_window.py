"""The extremes of a window are exact prices, and a long window does not keep every tick."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from market.core.window import PARTS, Window, moved, part_ms
from tests.support.oracle import percent_moved, within

HOUR_MS = 3_600_000
STEPS = st.lists(st.tuples(st.integers(0, 400), st.integers(90, 110).map(Decimal)), min_size=1, max_size=60)


@given(STEPS, st.sampled_from([1, 300, 1000]))
def test_a_window_of_up_to_a_second_is_exact(steps: list[tuple[int, Decimal]], window_ms: int) -> None:
    window, now = Window(window_ms), 0
    ticks: list[tuple[int, Decimal]] = []
    for after, price in steps:
        now += after
        ticks.append((now, price))
        prices = [each for at, each in ticks if at >= now - window_ms]

        assert window.note(now, price) == moved(price, low=min(prices), high=max(prices))


@given(STEPS, st.sampled_from([1500, 7777]))
def test_a_longer_window_is_exact_in_its_steps_of_time(steps: list[tuple[int, Decimal]], window_ms: int) -> None:
    window, now = Window(window_ms), 0
    ticks: list[tuple[int, Decimal]] = []
    for after, price in steps:
        now += after
        ticks = within([*ticks, (now, price)], window_ms)

        assert window.note(now, price) == percent_moved(ticks)


def test_time_is_counted_in_thousandths_of_the_window() -> None:
    assert [part_ms(window_ms) for window_ms in (1, 1000, 1001, 60_000, 24 * HOUR_MS)] == [1, 1, 2, 60, 86_400]


def test_a_price_that_only_rises_for_two_days_is_not_kept_tick_by_tick() -> None:
    window = Window(24 * HOUR_MS)
    for number in range(100_000):
        window.note(number * 2 * 864, Decimal(number + 1))

    assert len(window) <= PARTS + 3


def test_a_price_that_falls_tick_by_tick_within_one_part_is_not_kept_tick_by_tick() -> None:
    window = Window(24 * HOUR_MS)
    for number in range(1000):
        window.note(0, Decimal(2000 - number))

    assert len(window) == 2


def test_a_way_is_measured_by_where_it_began() -> None:
    """From 90 up to 99 is 10 %; from 109 down to it is more in money and less in percent."""
    assert moved(Decimal(99), low=Decimal(90), high=Decimal(109)) == 10
