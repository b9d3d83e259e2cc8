"""Minutes made of trades, and longer candles made of minutes: what a plain reading says."""

from dataclasses import replace
from decimal import Decimal
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from market.core.candle import EXACT, Candle, MinuteBuilder, aggregate
from market.core.interval import MINUTE_MS, Interval
from tests.history.made import MIDNIGHT, minutes, plainly, told

PRICES = st.decimals(min_value="0.00000001", max_value="99999999", places=8)
TRADES = st.lists(st.tuples(st.integers(0, 90_000), PRICES, PRICES), min_size=1, max_size=60)


def made_of(trades: list[tuple[int, Decimal, Decimal]]) -> tuple[list[Candle], Candle | None]:
    """Closed minutes, and the one that is open at the end."""
    builder, closed, running = MinuteBuilder(), [], None
    for time_ms, price, quantity in trades:
        for candle in builder.trade(time_ms, price, quantity):
            closed += [candle] if candle.closed else []
            running = candle
    return closed, running


@given(steps=TRADES)
def test_minutes_of_trades_hold_all_trades_but_those_of_the_first(steps: list[tuple[int, Decimal, Decimal]]) -> None:
    now, trades = MIDNIGHT + 30_000, []
    for step, price, quantity in steps:
        now += step
        trades.append((now, price, quantity))

    closed, running = made_of(trades)

    everything = [*closed, *([running] if running is not None else [])]
    inside = {at: list(each) for at, each in groupby(trades, key=lambda trade: trade[0] // MINUTE_MS * MINUTE_MS)}
    del inside[MIDNIGHT if trades[0][0] < MIDNIGHT + MINUTE_MS else trades[0][0] // MINUTE_MS * MINUTE_MS]
    assert [each.open_ms for each in everything] == list(inside)
    assert all(each.closed for each in closed)
    assert running is None or not running.closed
    for candle in everything:
        prices = [price for _, price, _ in inside[candle.open_ms]]
        assert (candle.open, candle.high, candle.low, candle.close) == (prices[0], max(prices), min(prices), prices[-1])
        assert candle.trades == len(prices)
        amounts = [int(price.scaleb(8)) * int(amount.scaleb(8)) for _, price, amount in inside[candle.open_ms]]
        assert int(EXACT.scaleb(candle.quote_volume, Decimal(16))) == sum(amounts)


@given(numbers=st.sets(st.integers(0, 3000), min_size=1, max_size=80), interval=st.sampled_from(list(Interval)))
def test_longer_candles_are_what_their_minutes_say(numbers: set[int], interval: Interval) -> None:
    candles = minutes(sorted(numbers))

    assert told(aggregate(candles, interval)) == plainly(candles, interval)


@given(numbers=st.sets(st.integers(0, 3000), min_size=1, max_size=80), way=st.permutations([Interval.M15, Interval.H1]))
def test_by_way_of_which_interval_makes_no_difference(numbers: set[int], way: list[Interval]) -> None:
    candles = minutes(sorted(numbers))
    steps = sorted(way, key=lambda interval: interval.ms)

    assert aggregate(aggregate(aggregate(candles, steps[0]), steps[1]), Interval.D1) == aggregate(candles, Interval.D1)


def test_a_candle_is_exact_json() -> None:
    candle = replace(minutes([1])[0], open=Decimal("0.00000001"), volume=Decimal("1E+3"), closed=False)

    assert candle.json().startswith(f'{{"time":{MIDNIGHT + MINUTE_MS},"open":0.00000001,')
    assert '"volume":1000,' in candle.json()
    assert candle.json().endswith(f'"trades":{candle.trades},"closed":false}}')
