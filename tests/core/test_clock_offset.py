"""The exchange's clock, measured through a network whose ways there and back differ."""

from hypothesis import given
from hypothesis import strategies as st

from market.core.clock_offset import DRIFT, OLDEST, RESOLUTION, ClockOffset, Offset, offset_of

MONOTONIC = 5_000.0
WAYS = st.tuples(st.floats(0.0001, 0.4), st.floats(0.0001, 0.4))  # seconds there and back


def round_trip(truth: float, ways: tuple[float, float], *, at: float = MONOTONIC) -> Offset:
    there, back = ways
    time_ms = int((at + there + truth) * 1000)
    return offset_of(time_ms, asked=at, answered=at + there + back)


@given(st.floats(-3, 3), st.lists(WAYS, min_size=1, max_size=30))
def test_the_truth_lies_within_what_is_claimed(skew: float, trips: list[tuple[float, float]]) -> None:
    truth, clock = 1_700_000_000 - MONOTONIC + skew, ClockOffset()
    for number, ways in enumerate(trips):
        assert not clock.note(round_trip(truth, ways, at=MONOTONIC + number))

    best = clock.best(MONOTONIC + len(trips))

    assert best is not None
    assert abs(best.seconds - truth) <= best.error + 1e-6
    assert best.error <= min(map(sum, trips[-16:])) / 2 + RESOLUTION + 0.01


def test_the_quickest_round_trip_is_believed() -> None:
    clock = ClockOffset()
    for ways in [(0.3, 0.02), (0.004, 0.005), (0.01, 0.2)]:
        clock.note(round_trip(1000.0, ways))

    best = clock.best(MONOTONIC)

    assert best is not None
    assert abs(best.seconds - 1000.0) < 0.002


def test_an_old_measurement_is_less_exact_and_at_last_none() -> None:
    clock = ClockOffset()
    clock.note(Offset(1000.0, 0.002, MONOTONIC))

    aged = clock.best(MONOTONIC + 100)

    assert aged is not None
    assert aged.error == 0.002 + 100 * DRIFT
    assert clock.best(MONOTONIC + OLDEST + 1) is None


def test_a_clock_that_was_set_is_noticed_at_once() -> None:
    clock = ClockOffset()
    clock.note(round_trip(1000.0, (0.001, 0.001)))

    assert clock.note(round_trip(1002.0, (0.02, 0.04), at=MONOTONIC + 30))

    best = clock.best(MONOTONIC + 30)
    assert best is not None
    assert abs(best.seconds - 1002.0) < 0.05


def test_a_slow_round_trip_is_no_clock_that_was_set() -> None:
    clock = ClockOffset()
    clock.note(round_trip(1000.0, (0.001, 0.001)))

    assert not clock.note(round_trip(1000.0, (0.001, 3.0), at=MONOTONIC + 1))
