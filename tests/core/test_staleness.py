"""Live, delayed, stale or down: what the feed says of the exchange, and which clocks it does not believe."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.core.messages import DELAYED, DOWN, LIVE, STALE
from market.core.staleness import NEVER, Lateness, Limits, Sight, Staleness

NOON = 50_000.0  # monotonic seconds
NOON_MS = 1_768_046_400_000
LIMITS = Limits()


def sight(now: float, **changes: object) -> Sight:
    """A healthy connection at `now`."""
    return replace(Sight(connected=True, last_tick=now), **changes)  # type: ignore[arg-type]


def watched(seconds: int, *, every: int = 1) -> Staleness:
    """What judged a healthy connection for `seconds` until noon, with a tick `every` seconds."""
    staleness = Staleness(NOON - seconds)
    for second in range(-seconds, 1):
        staleness.judge(sight(NOON + second - (second % every)), NOON + second)
    return staleness


def test_a_connection_that_delivers_is_live() -> None:
    assert Staleness(NOON).judge(sight(NOON), NOON).feed == LIVE


def test_before_the_first_price_nothing_is_live() -> None:
    judgement = Staleness(NOON).judge(sight(NOON, last_tick=NEVER), NOON + 5)

    assert (judgement.feed, judgement.reason) == (STALE, "waiting for the first price")


def test_a_lost_connection_is_stale_after_a_second_and_says_why() -> None:
    staleness = watched(30)
    lost = sight(NOON, connected=False, reason="HTTP 503")

    assert staleness.judge(lost, NOON + 0.9).feed == LIVE
    assert staleness.judge(lost, NOON + 1.1).feed == STALE
    assert staleness.judge(lost, NOON + 1.1).reason == "HTTP 503"


def test_silence_is_stale_then_down() -> None:
    staleness = watched(30)

    assert staleness.judge(sight(NOON), NOON + 11).feed == LIVE
    assert staleness.judge(sight(NOON), NOON + 13).feed == STALE
    assert staleness.judge(sight(NOON), NOON + 75).feed == DOWN
    assert staleness.judge(sight(NOON + 76), NOON + 76).feed == LIVE


def test_a_quiet_market_is_live() -> None:
    staleness = watched(300, every=30)

    assert staleness.judge(sight(NOON), NOON + 45).feed == LIVE
    assert staleness.judge(sight(NOON), NOON + 300).feed != LIVE


def test_a_refusal_is_down_at_once() -> None:
    judgement = watched(30).judge(sight(NOON, connected=False, refused=True, reason="HTTP 451"), NOON + 0.1)

    assert (judgement.feed, judgement.reason) == (DOWN, "HTTP 451")


def test_late_prices_are_delayed() -> None:
    judgement = Staleness(NOON).judge(sight(NOON, late_by=7.0), NOON)

    assert (judgement.feed, judgement.reason) == (DELAYED, "prices come 7 s later than usual")


SECONDS = st.floats(0, 200)


@given(st.lists(st.tuples(st.floats(0, 30), st.booleans(), SECONDS, st.floats(0, 20), st.booleans()), max_size=30))
def test_live_means_connected_and_heard_and_what_is_not_live_says_why(
    steps: list[tuple[float, bool, float, float, bool]],
) -> None:
    now = live_at = connected_at = NOON
    staleness = Staleness(NOON)
    for passed, connected, silent, late, refused in steps:
        now += passed
        connected_at = now if connected else connected_at
        judgement = staleness.judge(Sight(connected, now - silent, late, refused, ""), now)
        assert (judgement.reason == "") == (judgement.feed == LIVE)
        if judgement.feed in (LIVE, DELAYED):
            assert now - connected_at <= LIMITS.unconnected
            assert not refused
            live_at = now
        assert judgement.feed != DOWN or refused or now - live_at > LIMITS.down
        assert judgement.feed != STALE or now - live_at <= LIMITS.down


def noted(lateness: Lateness, *, lags: list[float], start: float = NOON) -> list[bool]:
    """Ticks ten times a second, each so many seconds late."""
    moments = [start + index / 10 for index in range(len(lags))]
    return [
        lateness.note(NOON_MS + round((moment - NOON - lag) * 1000), moment)
        for moment, lag in zip(moments, lags, strict=True)
    ]


def by_a_clock_that_is(wrong_by: float) -> Lateness:
    return Lateness(NOON_MS / 1000 - NOON + wrong_by)


@pytest.mark.parametrize("wrong_by", [-50.0, 0.0, 1.3, 90_000.0])
def test_a_wrong_clock_is_no_delay(wrong_by: float) -> None:
    lateness = by_a_clock_that_is(wrong_by)

    assert all(noted(lateness, lags=[0.1, 0.4, 0.05] * 30))
    assert lateness.late_by(NOON + 9) < 1


def test_a_delay_is_seen_and_its_end_too() -> None:
    lateness = by_a_clock_that_is(0.0)
    noted(lateness, lags=[0.1] * 100)

    noted(lateness, lags=[8.1] * 70, start=NOON + 20)
    assert lateness.late_by(NOON + 27) == pytest.approx(8, abs=0.01)

    noted(lateness, lags=[0.1] * 70, start=NOON + 30)
    assert lateness.late_by(NOON + 37) == pytest.approx(0, abs=0.01)


def test_one_slow_tick_is_no_delay() -> None:
    lateness = by_a_clock_that_is(0.0)
    noted(lateness, lags=[0.1] * 20 + [9.0])

    assert lateness.late_by(NOON + 3) < 1


def test_a_tick_from_the_future_is_refused_and_the_next_is_not() -> None:
    lateness = by_a_clock_that_is(0.0)

    assert noted(lateness, lags=[-3600.0, 0.1, -3600.0, 0.1]) == [False, True, False, True]
    assert lateness.late_by(NOON + 1) < 1


def test_an_exchange_whose_clock_was_set_is_believed_after_a_while() -> None:
    lateness = by_a_clock_that_is(0.0)
    noted(lateness, lags=[0.1] * 20)

    believed = noted(lateness, lags=[-3600.0] * 60, start=NOON + 10)

    assert not any(believed[:29])
    assert all(believed[31:])
    assert lateness.late_by(NOON + 16) < 1


def test_our_own_clock_a_day_behind_costs_only_seconds() -> None:
    believed = noted(by_a_clock_that_is(-90_000.0), lags=[0.1] * 60)

    assert all(believed[31:])


@given(st.lists(st.floats(-100_000, 100_000), max_size=60), st.floats(-100_000, 100_000))
def test_lateness_is_never_negative_and_good_ticks_get_through(lags: list[float], wrong_by: float) -> None:
    lateness = by_a_clock_that_is(wrong_by)
    noted(lateness, lags=lags)

    assert lateness.late_by(NOON + 10) >= 0
    assert noted(lateness, lags=[100_001.0], start=NOON + 20) == [True]
