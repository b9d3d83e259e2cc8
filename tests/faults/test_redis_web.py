"""Faults 1 to 5 of Redis, seen by clients of two web processes: nobody is cut off, everybody is told, prices return."""

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
import redis

from market.core.messages import STALE
from tests.support.cluster import Cluster, cluster
from tests.support.services import RedisServer, require

pytestmark = pytest.mark.asyncio(loop_scope="module")

MEGABYTE = 2**20
TOLD_WITHIN = 3.0
BACK_WITHIN = 2.0
LAG_P99 = 0.3


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    with RedisServer(require("redis-server")) as redis:
        async with cluster(redis, tmp_path_factory.mktemp("redis-web")) as started:
            yield started


class Watch:
    """What may not happen between its making and `check()`."""

    def __init__(self, running: Cluster) -> None:
        self._running = running
        self._ends = running.ends()
        self._lines = running.lines()
        self._began = time.monotonic()

    def check(self) -> None:
        running, seconds = self._running, time.monotonic() - self._began
        logged = {name: count - self._lines[name] for name, count in running.lines().items()}
        assert running.ends() == self._ends, "a client was cut off"
        assert running.wrong() == []
        assert all(process.process.poll() is None for process in running.processes)
        assert running.has_kept_its_exchange()
        assert max(logged.values()) <= seconds, f"{logged} lines in {seconds:.1f} s"


async def survive_outage(running: Cluster, seconds: float) -> None:
    """Redis is killed and comes back after `seconds`, empty."""
    await running.until_calm()
    watch = Watch(running)
    killed = time.monotonic()
    running.redis.kill()
    await asyncio.sleep(seconds)
    await asyncio.to_thread(running.redis.start)
    answers = time.monotonic()
    await running.until_calm()

    assert max(running.told(STALE, killed)) <= TOLD_WITHIN
    assert max(running.fresh_after(answers)) <= BACK_WITHIN
    watch.check()


async def survive_freeze(running: Cluster, seconds: float) -> None:
    """Redis keeps its sockets and answers nothing for `seconds`."""
    await running.until_calm()
    watch = Watch(running)
    frozen = time.monotonic()
    running.redis.freeze()
    try:
        waits = await answer_times(running, seconds)
    finally:
        running.redis.thaw()
    thawed = time.monotonic()
    await running.until_calm()

    assert max(running.told(STALE, frozen)) <= TOLD_WITHIN
    assert max(running.fresh_after(thawed)) <= BACK_WITHIN
    assert sorted(waits)[len(waits) * 99 // 100] < LAG_P99
    watch.check()


async def answer_times(running: Cluster, seconds: float) -> list[float]:
    """How long the web processes take to answer, asked all the while."""
    waits = []
    async with httpx.AsyncClient(timeout=20) as client:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for web in running.webs:
                asked = time.monotonic()
                assert (await client.get(f"{web.url}/api/sse/status")).status_code == 200
                waits.append(time.monotonic() - asked)
            await asyncio.sleep(0.05)
    return waits


async def test_a_crashed_redis_cuts_nobody_off(running: Cluster) -> None:
    await survive_outage(running, 3)


async def test_a_longer_absence_costs_no_memory(running: Cluster) -> None:
    loaded = "of 16 symbols loaded"  # candles, which take memory of their own
    await running.until(lambda: loaded in running.feed.stderr, what=loaded, deadline=90)
    before = running.memory()

    await survive_outage(running, 8)

    assert all(after - before[name] < 5 * MEGABYTE for name, after in running.memory().items())


async def test_flushed_data_is_not_missed(running: Cluster) -> None:
    await running.until_calm()
    watch, began = Watch(running), time.monotonic()

    with running.redis.client() as client:
        for _ in range(10):
            await asyncio.to_thread(client.flushall)
            await asyncio.sleep(0.3)

    assert max(client.screen.longest_gap(began) for client in running.clients) <= 1
    watch.check()


async def test_a_frozen_redis_freezes_no_web_process(running: Cluster) -> None:
    await survive_freeze(running, 6)


async def survive_lost_subscriptions(running: Cluster, times: int) -> None:
    """Redis closes every subscriber's connection, five times a second."""
    await running.until_calm()
    watch = Watch(running)
    with running.redis.client() as client:
        for _ in range(times):
            await asyncio.to_thread(client.client_kill_filter, _type="pubsub")
            await asyncio.sleep(0.2)
        await running.until_calm()
        # Who lost its subscription last has it again after a second, the pause of the layer's receiver.
        await running.until(lambda: listeners(client) == (len(running.webs), 1), what="all subscriptions", deadline=5)
    watch.check()


def listeners(client: redis.Redis) -> tuple[int, int]:
    """How many processes listen to each group that the feed speaks to, and how many to the one it hears."""
    groups = [f"pricefeed__group__{group}" for group in ("prices", "status", "alerts", "control")]
    *told, (_, control) = client.pubsub_numsub(*groups)
    return min(number for _, number in told), control


async def test_nobody_is_deaf_after_lost_subscriptions(running: Cluster) -> None:
    await survive_lost_subscriptions(running, 20)


@pytest.mark.soak
async def test_nobody_is_deaf_after_fifty_lost_subscriptions(running: Cluster) -> None:
    await survive_lost_subscriptions(running, 50)


@pytest.mark.soak
@pytest.mark.timeout(300)
async def test_a_minute_without_redis_costs_no_memory(running: Cluster) -> None:
    before = running.memory()

    await survive_outage(running, 60)

    assert all(after - before[name] < 5 * MEGABYTE for name, after in running.memory().items())


@pytest.mark.soak
@pytest.mark.timeout(300)
async def test_twenty_seconds_of_a_frozen_redis_freeze_no_web_process(running: Cluster) -> None:
    await survive_freeze(running, 20)
