"""Quantiles of the last minutes, against exact ones; and what is forgotten when."""

import math

from hypothesis import given
from hypothesis import strategies as st

from market.core.latency import EMPTY, LONGEST, SLOT, SLOTS, Latency, Spread, bucket, edges, quantile

MICROS = st.integers(0, LONGEST)
# (seconds since the last one, µs)
RECORDED = st.lists(st.tuples(st.floats(0, 40), MICROS), max_size=60)


def exact(values: list[int], share: float) -> int:
    """The smallest of them that at least this share does not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def counted(values: list[int]) -> list[int]:
    counts = [0] * (bucket(LONGEST) + 1)
    for micros in values:
        counts[bucket(micros)] += 1
    return counts


def close(shown: int, true: int) -> bool:
    return abs(shown - true) <= true / 16


@given(MICROS)
def test_a_value_lies_in_its_bucket(micros: int) -> None:
    first, end = edges(bucket(micros))

    assert first <= micros < end
    assert end - first <= max(1, micros / 16)


@given(st.integers(0, bucket(LONGEST) - 1))
def test_buckets_follow_each_other_without_a_hole(number: int) -> None:
    assert edges(number)[1] == edges(number + 1)[0]
    assert bucket(edges(number)[0]) == number


@given(st.lists(MICROS, min_size=1), st.sampled_from([0.0, 0.01, 0.5, 0.9, 0.99, 1.0]))
def test_a_quantile_is_the_exact_one_to_a_sixteenth(values: list[int], share: float) -> None:
    assert close(quantile(counted(values), share), exact(values, share))


@given(RECORDED)
def test_what_is_shown_is_of_the_last_minutes_only(recorded: list[tuple[float, int]]) -> None:
    latency, now, values = Latency(0.0), 0.0, []
    for pause, micros in recorded:
        now += pause
        latency.record(micros, now)
        values.append((int(now // SLOT), micros))

    recent = [micros for slot, micros in values if slot > int(now // SLOT) - SLOTS]
    spread = latency.spread(now)

    assert spread.count == len(recent)
    if recent:
        assert close(spread.p50, exact(recent, 0.5))
        assert close(spread.p99, exact(recent, 0.99))
    assert sum(point.count for point in latency.points(now)) == len(recent)


@given(RECORDED)
def test_what_is_counted_since_the_start_never_falls(recorded: list[tuple[float, int]]) -> None:
    latency, now, bounds = Latency(0.0), 0.0, [1 << power for power in range(27)]
    for number, (pause, micros) in enumerate(recorded, 1):
        now += pause
        latency.record(micros, now)
        if number % 7 == 0:
            latency.forget()
        assert latency.count == number

    values = [micros for _, micros in recorded]
    assert latency.below(bounds) == [sum(micros < bound for micros in values) for bound in bounds]
    assert latency.sum == sum(values)


def test_nothing_recorded_is_no_latency() -> None:
    assert Latency(0.0).spread(1000.0) == Spread(0, EMPTY, EMPTY)


def test_a_point_stands_for_each_slot_the_oldest_first() -> None:
    latency = Latency(100.0)
    for second in range(35):
        latency.record(1000 * (1 + second // 10), 100.0 + second)

    points = latency.points(134.5)

    assert [point.count for point in points] == [10, 10, 10, 5]
    assert all(close(point.p50, 1000 * place) for place, point in enumerate(points, 1))


def test_clocks_that_disagree_give_nothing_below_nothing() -> None:
    latency = Latency(0.0)
    latency.record(-2_000_000, 1.0)
    latency.record(LONGEST * 5, 1.0)

    assert latency.spread(1.0).count == 2
    assert latency.spread(1.0).p50 == 0


def test_what_was_measured_wrongly_is_forgotten() -> None:
    latency = Latency(0.0)
    for second in range(50):
        latency.record(2_000_000, float(second))

    latency.forget()
    latency.record(1000, 50.0)

    assert latency.spread(51.0).count == 1
    assert close(latency.spread(51.0).p99, 1000)
    assert sum(point.count for point in latency.points(51.0)) == 1
