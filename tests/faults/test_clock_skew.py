"""A clock that is two seconds wrong, the exchange's or ours, from the start or set while prices flow: they stay live.

No visitor is told that prices are late, no tick is refused, and what was measured is the path and not the clocks.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from market.clock_watch import ClockPace
from market.core.hop import Hop
from market.core.messages import LIVE
from market.feed import Feed
from market.feed_hops import HopsPace
from market.feed_options import FeedOptions
from market.simulator import Simulator
from market.simulator.simulator import wall_clock_ms
from tests.feed.conftest import QUICK
from tests.feed.conftest import layer as layer  # a fixture, for every test here
from tests.feed.conftest import watched as watched
from tests.support.exchange import until
from tests.support.listener import Listener

SKEWS = (2.0, -2.0)
PACE = replace(QUICK, hops=HopsPace(report=0.1, clock=ClockPace(every=0.5, least=0.1, between=0.01)))
A_WHILE = 15  # heartbeats, a tenth of a second each
SLOW = 1_000_000  # µs that no tick takes on one machine, however busy; half of a skew

pytestmark = pytest.mark.usefixtures("watched")


@dataclass
class Clock:
    """A clock on somebody's wall, wrong by so many seconds."""

    wrong_by: float = 0.0

    def seconds(self) -> float:
        return time.time() + self.wrong_by

    def milliseconds(self) -> int:
        return wall_clock_ms() + round(self.wrong_by * 1000)


@dataclass
class Installation:
    feed: Feed
    listener: Listener
    exchange: Clock
    ours: Clock

    async def run_for(self, heartbeats: int) -> None:
        end = len(self.listener.statuses) + heartbeats
        await self.listener.until(lambda heard: len(heard.statuses) >= end)

    def told(self, since: int = 0) -> set[tuple[str, str]]:
        """Every state of the feed that visitors were told, with its reason."""
        return {(status.feed, status.reason) for status in self.listener.statuses[since:]}


@asynccontextmanager
async def installation(*, exchange: float = 0.0, ours: float = 0.0) -> AsyncIterator[Installation]:
    """Live prices with clocks that are wrong by so much."""
    theirs, own = Clock(exchange), Clock(ours)
    symbols = ["BTCUSDT", "ETHUSDT"]
    async with (
        Simulator(seed=7, symbols=symbols, rate=20, trades=2, clock=theirs.milliseconds) as simulator,
        Listener() as listener,
    ):
        options = FeedOptions(simulator.stream_url, simulator.rest_url, "simulator", pace=PACE)
        feed = Feed(options, wall=own.seconds)
        running = asyncio.create_task(feed.run())
        try:
            await listener.until(lambda heard: heard.feed == LIVE)
            yield Installation(feed, listener, theirs, own)
        finally:
            running.cancel()
            await asyncio.wait([running])


def is_measured(feed: Feed) -> Callable[[], bool]:
    return lambda: feed.hops.clock_offset() is not None and feed.hops.hops[Hop.RECEIVED].count > 100


@pytest.mark.parametrize("skew", SKEWS)
@pytest.mark.parametrize("whose", ["exchange", "ours"])
async def test_a_clock_that_was_always_wrong_is_measured_and_is_no_latency(whose: str, skew: float) -> None:
    async with installation(**{whose: skew}) as here:
        first = len(here.listener.statuses)
        await until(is_measured(here.feed), deadline=20)
        offset = here.feed.hops.clock_offset()
        spread = here.feed.hops.hops[Hop.RECEIVED].spread(time.monotonic())

        assert offset is not None
        assert offset[0] / 1e6 == pytest.approx(skew if whose == "exchange" else -skew, abs=0.5)
        assert 0 <= spread.p50 < SLOW
        assert here.told(first) == {(LIVE, "")}
        assert here.feed.counters["bad"] == 0
        assert here.feed.counters["reconnects"] == 0


@pytest.mark.parametrize("skew", SKEWS)
@pytest.mark.parametrize("whose", ["exchange", "ours"])
async def test_a_clock_that_is_set_while_prices_flow_makes_none_of_them_old(whose: str, skew: float) -> None:
    async with installation() as here:
        await here.run_for(A_WHILE // 2)
        first, batches = len(here.listener.statuses), len(here.listener.batches)
        (here.exchange if whose == "exchange" else here.ours).wrong_by = skew
        await here.run_for(A_WHILE)

        assert here.told(first) == {(LIVE, "")}
        assert here.feed.counters["bad"] == 0
        assert len(here.listener.batches) > batches + 5
        assert here.listener.gaps == 0
        assert here.feed.counters["reconnects"] == 0


async def test_an_exchange_whose_clock_is_set_back_by_more_than_is_late_recovers_by_itself() -> None:
    """From +2 s to -2 s: at first its prices seem 4 s late, until its clock has been looked at."""
    async with installation(exchange=2.0) as here:
        await until(is_measured(here.feed), deadline=20)
        here.exchange.wrong_by = -2.0
        await here.run_for(A_WHILE)
        await here.listener.until(lambda heard: heard.feed == LIVE)
        await until(lambda: here.feed.hops.hops.counts()["clock_sets"] >= 1)
        first = len(here.listener.statuses)
        await here.run_for(A_WHILE)

        assert here.told(first) == {(LIVE, "")}
