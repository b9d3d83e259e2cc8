"""The open candle of a longer interval is, at every moment, what its minutes make together."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.core.candle import Candle, aggregate
from market.core.interval import MINUTE_MS, Interval
from market.core.open_candle import OpenCandle, glance, read_candle
from tests.support.candles import DAY_MS, candle

LONGER = [interval for interval in Interval if interval is not Interval.M1]


def test_it_grows_with_its_minutes() -> None:
    five = OpenCandle(Interval.M5)
    five.fill(
        [candle("100 110 90 105"), candle("105 106 104 104", at=1)], candle("104 104 104 104", at=2, closed=False)
    )

    assert five.take(candle("104 112 103 111", at=2, closed=False, volume="3"))

    made = five.candle
    assert made is not None
    prices = (made.open, made.high, made.low, made.close, made.volume)
    assert prices == tuple(map(Decimal, (100, 112, 90, 111, 7)))
    assert (made.open_ms, made.trades, made.closed) == (DAY_MS, 21, False)
    assert not five.is_partial


def test_the_last_minute_closes_it_and_the_next_one_begins_anew() -> None:
    five = OpenCandle(Interval.M5)
    five.fill([candle(at=number) for number in range(4)], candle(at=4, closed=False))

    five.take(candle(at=4))
    assert five.candle is not None and five.candle.closed
    assert five.take(candle("7 8 6 7", at=5, closed=False))

    assert five.candle == candle("7 8 6 7", at=5, closed=False)


def test_it_says_that_minutes_before_are_missing_and_tells_nothing_until_they_are_filled_in() -> None:
    five = OpenCandle(Interval.M5)

    assert not five.take(candle(at=3, closed=False))
    assert five.candle is None

    five.fill([candle(at=1)], candle(at=3, closed=False))
    assert five.candle is not None and five.is_partial


def test_an_older_minute_changes_nothing() -> None:
    five = OpenCandle(Interval.M5)
    five.fill([candle(at=0)], candle(at=1, closed=False))
    before = five.candle

    assert five.take(candle("1 1 1 1", at=0))
    assert five.candle == before


PRICE = st.integers(1, 10**12).map(lambda units: Decimal(units).scaleb(-8))
AMOUNT = st.integers(0, 10**15).map(lambda units: Decimal(units).scaleb(-8))


@st.composite
def stretches(draw: st.DrawFn) -> list[Candle]:
    """Minutes that follow each other, with gaps, over some hours."""
    made, at = [], draw(st.integers(0, 3000))
    for _ in range(draw(st.integers(1, 40))):
        prices = sorted(draw(st.lists(PRICE, min_size=4, max_size=4)))
        low, first, last, high = prices
        open_ms = DAY_MS + at * MINUTE_MS
        made.append(Candle(open_ms, first, high, low, last, draw(AMOUNT), draw(AMOUNT), draw(st.integers(0, 9))))
        at += draw(st.sampled_from([1, 1, 1, 1, 2, 7, 61, 1440]))
    return made


@pytest.mark.parametrize("interval", LONGER)
@given(minutes=stretches(), begin=st.integers(0, 20))
def test_what_was_told_last_is_what_the_stored_minutes_make_afterwards(
    interval: Interval, minutes: list[Candle], begin: int
) -> None:
    """Followed from any minute on, with each minute told open and then closed, and rows read where some are missing."""
    live, told, begin = OpenCandle(interval), dict[int, Candle](), min(begin, len(minutes) - 1)
    for number in range(begin, len(minutes)):
        for closed in (False, True):
            minute = replace(minutes[number], closed=closed)
            if not live.take(minute):
                live.fill(minutes[:number], minute)
            assert live.candle is not None
            told[live.candle.open_ms] = live.candle

    stored = {each.open_ms: each for each in aggregate(minutes, interval)}
    assert {open_ms: replace(each, closed=True) for open_ms, each in told.items()} == {
        open_ms: stored[open_ms] for open_ms in told
    }


@given(stretches())
def test_the_text_of_a_candle_reads_back_exactly(minutes: list[Candle]) -> None:
    for minute in minutes:
        assert read_candle(minute.json()) == minute
        assert glance(minute.json()) == (minute.open_ms, True)
        assert glance(f" {replace(minute, closed=False).json()}") == (minute.open_ms, False), "written in another way"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"time":1}', '{"time":"x","open":1}'])
def test_what_is_no_candle_is_refused(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        read_candle(text)
    with pytest.raises((ValueError, KeyError, TypeError)):
        glance(text)
