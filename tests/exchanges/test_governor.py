"""How often an exchange is called, whatever happens."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.exchanges.base import Refused
from market.exchanges.governor import Backoff, Governor, is_barred, keep_away
from market.exchanges.pace import PACE, Pace


def test_the_first_connect_may_go_at_once() -> None:
    assert Governor(PACE).reserve(100.0, after=0.0) == 0.0


@given(st.lists(st.floats(0, 5), min_size=1, max_size=400))
def test_no_window_ever_holds_more_than_its_limit(pauses: list[float]) -> None:
    governor, now, moments = Governor(PACE), 0.0, []
    for pause in pauses:
        now += governor.reserve(now, after=pause)
        moments.append(now)

    for count, window in PACE.connect_limits:
        for first, after_it in zip(moments, moments[count:], strict=False):
            assert after_it - first >= window - 1e-6


def test_two_connections_asking_at_once_share_the_limit() -> None:
    governor = Governor(Pace(connect_limits=((2, 60.0),)))

    assert [governor.reserve(0.0, after=0.0) for _ in range(4)] == [0.0, 0.0, 60.0, 60.0]


def test_a_ban_holds_for_every_connection() -> None:
    governor = Governor(PACE)
    governor.bar(until=130.0)

    assert governor.reserve(10.0, after=0.5) == 120.0


def test_the_pause_grows_with_full_jitter_and_never_ends() -> None:
    backoff = Backoff(PACE, Random(1))
    assert backoff.delay() == 0.0

    for failures in range(1, 10_000):
        backoff.failed()
        assert 0 <= backoff.delay() <= min(PACE.backoff_cap, PACE.backoff_base * 2 ** min(failures, 10))

    backoff.succeeded()
    assert 0 < backoff.delay() <= PACE.backoff_base


@pytest.mark.parametrize(
    ("status", "retry_after", "least"),
    [
        (429, None, 120.0),
        (429, 3.0, 120.0),
        (418, 600.0, 600.0),
        (418, 10.0**9, PACE.longest_ban),
        (451, None, 60.0),
        (403, 5.0, 60.0),
        (503, 7.0, 7.0),
        (503, None, 0.0),
    ],
)
def test_a_refusal_is_obeyed(status: int, retry_after: float | None, least: float) -> None:
    refusal = Refused("no", status=status, retry_after=retry_after)
    backoff = Backoff(PACE, Random(1))
    backoff.failed(refusal)

    assert keep_away(refusal, PACE) == least
    assert least <= backoff.delay() <= least + PACE.refused_cap


def test_bans_and_blocks_bar_the_way_but_a_broken_server_does_not() -> None:
    assert [is_barred(Refused("no", status=status)) for status in (418, 429, 403, 451, 503)] == [True] * 4 + [False]
    assert not is_barred(None)
