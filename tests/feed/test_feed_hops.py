"""The exchange's clock is measured, shown, and is no latency: over a real socket of the simulated exchange."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from market.clock_watch import ClockPace
from market.core.hop import Hop
from market.core.latency import Spread
from market.core.messages import LIVE
from market.feed import Feed
from market.feed_hops import HopsPace
from market.simulator import Simulator
from tests.feed.conftest import QUICK, RunFeed
from tests.support.exchange import until
from tests.support.listener import Listener

SECOND = 1_000_000
PACE = replace(QUICK, hops=HopsPace(report=0.05, clock=ClockPace(every=0.5, least=0.1, between=0.01, trips=3)))


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with Listener() as listener:
        yield listener


def spread(feed: Feed, hop: Hop = Hop.RECEIVED) -> Spread:
    count, p50, p99 = feed.hops.hops.report().hops[hop]
    return Spread(count, p50, p99)


def offset(feed: Feed) -> int:
    """What the exchange's clock is ahead of ours, µs."""
    measured = feed.hops.clock_offset()
    assert measured is not None
    return measured[0]


@pytest.mark.parametrize("skew", [-2000, 2000])
async def test_a_wrong_clock_is_shown_as_that_and_not_as_latency(
    skew: int, exchange: Simulator, listener: Listener, run_feed: RunFeed
) -> None:
    exchange.faults.clock_skew = skew
    async with run_feed(exchange, pace=PACE) as feed:
        await until(lambda: spread(feed).count > 30)

        measured = feed.hops.clock_offset()
        assert measured is not None
        assert abs(measured[0] - skew * 1000) <= measured[1] + 50_000
        assert spread(feed).p50 < SECOND
        ages = [batch.stamp.age for batch in listener.batches if batch.stamp and batch.stamp.age is not None]
        assert sorted(ages)[len(ages) // 2] < SECOND
        began = next(place for place, status in enumerate(listener.statuses) if status.feed == LIVE)
        assert {status.feed for status in listener.statuses[began:]} == {LIVE}


@pytest.mark.parametrize("skew", [-2000, 2000])
async def test_a_clock_that_is_set_is_noticed_and_what_it_spoilt_is_forgotten(
    skew: int, exchange: Simulator, listener: Listener, run_feed: RunFeed
) -> None:
    async with run_feed(exchange, pace=PACE) as feed:
        await until(lambda: spread(feed).count > 10)
        exchange.faults.clock_skew = skew
        await until(lambda: feed.hops.hops.report().counts["clock_sets"] == 1)
        await until(lambda: abs(offset(feed) - skew * 1000) < SECOND)
        await until(lambda: spread(feed).count > 10 and spread(feed).p99 < SECOND)

    assert listener.statuses[-1].feed == LIVE
    assert not {status.feed for status in listener.statuses[5:]} - {LIVE}


async def test_where_the_clock_cannot_be_measured_its_difference_is_included(
    exchange: Simulator, run_feed: RunFeed
) -> None:
    exchange.faults.clock_skew = -2000
    exchange.faults.rest_status = 503
    async with run_feed(exchange, pace=PACE) as feed:
        await until(lambda: spread(feed).count > 10)

        assert feed.hops.clock_offset() is None
        assert spread(feed).p50 == pytest.approx(2 * SECOND, rel=0.3)


async def test_each_batch_is_timed_through_the_feed(exchange: Simulator, listener: Listener, run_feed: RunFeed) -> None:
    async with run_feed(exchange, pace=PACE) as feed:
        await until(lambda: spread(feed, Hop.PUBLISHED).count > 10)
        report = feed.hops.hops.report(clock=feed.hops.clock_offset())

    stamped = [batch.stamp for batch in listener.batches if batch.stamp is not None]
    assert len(stamped) >= report.hops[Hop.PUBLISHED][0] > 10
    assert all(stamp.age is None or stamp.age >= 0 for stamp in stamped)
    assert report.rates.keys() == report.counts.keys()
    assert report.levels["symbols"] == 2


async def test_a_recording_has_no_clock(exchange: Simulator, listener: Listener, run_feed: RunFeed) -> None:
    async with run_feed(exchange, pace=PACE, source="replay") as feed:
        await until(lambda: spread(feed, Hop.PUBLISHED).count > 5)

        assert spread(feed).count == 0
        assert feed.hops.clock_offset() is None
    assert all(batch.stamp is None or batch.stamp.age is None for batch in listener.batches)
