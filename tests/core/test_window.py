"""The extremes of a window are exact prices, and a long window does not keep every tick."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from market.core.quote import Quote
from market.core.window import AGAIN_MS, PARTS, Kept, Window, moved, part_ms
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


@given(STEPS, st.sampled_from([300, 1500]), st.data())
def test_a_window_that_was_kept_goes_on_as_if_nothing_had_been(
    steps: list[tuple[int, Decimal]], window_ms: int, data: st.DataObject
) -> None:
    quotes, now = [], 0
    for number, (after, price) in enumerate(steps):
        now += after
        quotes.append(Quote("binance", "BTCUSDT", "simulator", now, {"price": price}, number))
    kept_at, again = data.draw(st.integers(0, len(quotes) - 1)), data.draw(st.integers(0, 60))
    whole, before, after_restart = Window(window_ms), Window(window_ms), Window(window_ms)
    for quote in quotes[: kept_at + 1]:
        before.note_quote(quote)
    kept = before.keep()
    assert kept is not None
    after_restart.restore(kept)

    moves = [whole.note_quote(quote) for quote in quotes]
    begin = max(0, kept_at - again)
    answers = [after_restart.note_quote(quote) for quote in quotes[begin:]]

    assert answers == [None] * (kept_at + 1 - begin) + moves[kept_at + 1 :]


def test_it_has_to_be_kept_again_when_something_came() -> None:
    window = Window(1000)
    known = [window.is_kept]
    for time_ms in (1, 2):
        window.note_quote(Quote("binance", "BTCUSDT", "simulator", time_ms, {"price": Decimal(100)}))
        known.append(window.is_kept)
        window.keep()
        known.append(window.is_kept)

    assert known == [True, False, True, False, True]


def test_a_kept_window_of_another_market_or_another_time_is_forgotten() -> None:
    kept = Kept("simulator", 0, HOUR_MS, None, ((0, Decimal(200)),), ((0, Decimal(50)),))
    for source, at in (("binance", HOUR_MS + 1), ("simulator", HOUR_MS - AGAIN_MS - 1)):
        window = Window(HOUR_MS)
        window.restore(kept)

        assert window.note_quote(Quote("binance", "BTCUSDT", source, at, {"price": Decimal(100)})) == 0


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
