"""Rates of counters."""

from market.core.rates import Rates


def test_a_rate_is_that_of_the_last_minute() -> None:
    rates = Rates()
    for second in range(0, 200, 2):
        found = rates.note({"received": 10 * min(second, 120), "bad": 3}, float(second))
        if second == 60:
            assert found == {"received": 10.0, "bad": 0.0}

    assert found == {"received": 0.0, "bad": 0.0}


def test_nothing_is_known_after_one_look() -> None:
    assert Rates().note({"received": 7}, 5.0) == {"received": 0.0}


def test_a_counter_that_comes_later_counts_from_nothing() -> None:
    rates = Rates()
    rates.note({}, 0.0)

    assert rates.note({"ws": 30}, 10.0) == {"ws": 3.0}
