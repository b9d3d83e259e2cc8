"""Back-off: growing pauses over a day, spread by chance."""

from hypothesis import given
from hypothesis import strategies as st

from market.core.patience import DAY, jittered, pause_after, pauses


def test_pauses_double_up_to_the_longest_and_end_within_a_day() -> None:
    waits = list(pauses())

    assert waits[:4] == [5, 10, 20, 40]
    assert max(waits) == 3600
    assert DAY - 3600 < sum(waits) <= DAY


def test_after_the_last_pause_there_is_none() -> None:
    waits = list(pauses())

    assert pause_after(1) == 5
    assert pause_after(len(waits)) == 3600
    assert pause_after(len(waits) + 1) is None


@given(st.floats(0.01, 100), st.floats(1, 10_000), st.floats(0, 100_000))
def test_pauses_never_shrink_and_never_exceed_their_bounds(first: float, longest: float, within: float) -> None:
    waits = list(pauses(first=first, longest=longest, within=within))

    assert waits == sorted(waits) or waits[1:] == sorted(waits[1:])
    assert sum(waits) <= within + 1e-6
    assert all(wait <= max(first, longest) for wait in waits)


@given(st.floats(0.001, 10_000), st.floats(0, 1))
def test_jitter_is_at_most_a_fifth(pause: float, chance: float) -> None:
    assert 0.8 * pause - 1e-9 <= jittered(pause, chance) <= 1.2 * pause + 1e-9
