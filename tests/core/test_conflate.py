"""The newest quote per symbol leaves, the first at once, the others once in each window."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.core.conflate import Conflator
from market.core.quote import Quote

WINDOW = 0.1


def quote(symbol: str, price: int) -> Quote:
    return Quote("binance", symbol, "simulator", price, {"price": Decimal(price)})


def test_the_first_change_leaves_at_once() -> None:
    conflator = Conflator(WINDOW)

    assert conflator.due_in(7.0) is None
    conflator.offer(quote("BTCUSDT", 1))
    assert conflator.due_in(7.0) == 0


def test_the_next_one_waits_for_its_window() -> None:
    conflator = Conflator(WINDOW)
    conflator.take(7.0)
    conflator.offer(quote("BTCUSDT", 1))

    assert conflator.due_in(7.0) == pytest.approx(WINDOW)
    assert conflator.due_in(8.0) == 0


def test_a_newer_quote_takes_the_place_of_the_older() -> None:
    conflator = Conflator(WINDOW)
    for number in (1, 2, 3):
        conflator.offer(quote("BTCUSDT", number))

    assert conflator.take(7.0) == [quote("BTCUSDT", 3)]
    assert conflator.merged == 2
    assert len(conflator) == 0


def test_a_dropped_symbol_does_not_leave() -> None:
    conflator = Conflator(WINDOW)
    conflator.offer(quote("BTCUSDT", 1))
    conflator.offer(quote("ETHUSDT", 1))
    conflator.drop("binance", "BTCUSDT")
    conflator.drop("binance", "NEVERSEEN")

    assert conflator.take(7.0) == [quote("ETHUSDT", 1)]


SYMBOLS = ["BTCUSDT", "ETHUSDT", "币安人生USDT"]
STEPS = st.lists(st.one_of(st.sampled_from(SYMBOLS), st.just("take")))


@given(STEPS)
def test_everybody_ends_with_the_newest_and_sees_none_go_back(steps: list[str]) -> None:
    conflator = Conflator(WINDOW)
    offered: dict[str, int] = {}
    taken: dict[str, list[int]] = {symbol: [] for symbol in SYMBOLS}
    for number, step in enumerate([*steps, "take"]):
        if step == "take":
            for left in conflator.take(float(number)):
                taken[left.symbol].append(left.time_ms)
        else:
            offered[step] = number
            conflator.offer(quote(step, number))

    assert {symbol: times[-1] for symbol, times in taken.items() if times} == offered
    assert all(times == sorted(set(times)) for times in taken.values())
    assert conflator.merged + sum(map(len, taken.values())) == sum(step != "take" for step in steps)
