"""Faults 1, 2 and 4 of Redis, the feed's half: it lives on, says so quietly, keeps its memory and its exchange,
and is heard again at once.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from channels.layers import channel_layers
from channels_redis.pubsub import RedisPubSubChannelLayer

from market.core.messages import LIVE
from market.defaults import DEFAULTS, QUOTE
from market.simulator import Simulator
from tests.support.feed_process import feed_process, resident_bytes
from tests.support.listener import Listener
from tests.support.live import LiveProcess
from tests.support.services import RedisServer

MEGABYTE = 2**20
SYMBOLS = [base + QUOTE for base in DEFAULTS]


class Scene:
    """A feed process, its exchange and its Redis, and somebody who listens."""

    def __init__(self, redis: RedisServer, exchange: Simulator, process: LiveProcess, listener: Listener) -> None:
        self.redis = redis
        self.exchange = exchange
        self.process = process
        self.listener = listener

    async def flows(self, *, deadline: float = 30.0) -> float:
        """Wait for a price that is new; the seconds it took."""
        began = asyncio.get_running_loop().time()
        heard = len(self.listener.heard)
        await self.listener.until(lambda listener: len(listener.heard) > heard, deadline=deadline)
        return asyncio.get_running_loop().time() - began

    def has_kept_its_exchange(self) -> bool:
        return len(self.exchange.connects) == 1 and len(self.exchange.connections) == 1

    def lines(self) -> int:
        return self.process.stderr.count("\n")


@pytest.fixture
async def scene(redis_server: RedisServer, tmp_path: Path) -> AsyncIterator[Scene]:
    """Prices flow."""
    layer = RedisPubSubChannelLayer(hosts=[{"address": redis_server.url}], prefix="pricefeed")
    channel_layers.set("default", layer)
    async with (
        Simulator(seed=3, symbols=SYMBOLS, rate=20) as exchange,
        feed_process(redis_server, exchange, tmp_path) as process,
        Listener() as listener,
    ):
        await listener.until(lambda heard: heard.feed == LIVE and len(heard.quotes) == len(SYMBOLS), deadline=60)
        yield Scene(redis_server, exchange, process, listener)


async def outage(scene: Scene, seconds: float) -> None:
    """Kill Redis and start it again after `seconds`."""
    scene.redis.kill()
    await asyncio.sleep(seconds)
    await asyncio.to_thread(scene.redis.start)


async def test_a_crashed_redis_costs_no_more_than_its_absence(scene: Scene) -> None:
    lines = scene.lines()

    await outage(scene, 3)
    before = len(scene.listener.batches)
    recovered_in = await scene.flows()
    await scene.listener.until(lambda heard: any(batch.full for batch in heard.batches[before:]))

    full = next(batch for batch in scene.listener.batches[before:] if batch.full)
    assert len(full.quotes) == len(SYMBOLS)
    assert recovered_in < 2
    assert scene.process.process.poll() is None
    assert scene.has_kept_its_exchange()
    assert scene.lines() - lines <= 5
    await scene.listener.until(lambda heard: heard.feed == LIVE)


async def test_a_frozen_redis_is_survived_and_noticed_when_it_thaws(scene: Scene) -> None:
    lines = scene.lines()

    scene.redis.freeze()
    await asyncio.sleep(4)
    scene.redis.thaw()
    recovered_in = await scene.flows()

    assert recovered_in < 2
    assert scene.process.process.poll() is None
    assert scene.has_kept_its_exchange()
    assert scene.lines() - lines <= 6
    assert scene.listener.gaps == 0


async def test_nobody_is_deaf_after_fifty_lost_subscriptions(scene: Scene) -> None:
    with scene.redis.client() as client:
        for _ in range(10):
            await asyncio.to_thread(client.client_kill_filter, _type="pubsub")
            await asyncio.sleep(0.1)

    await scene.flows()
    await scene.listener.until(lambda heard: heard.feed == LIVE)
    assert scene.process.process.poll() is None


@pytest.mark.soak
@pytest.mark.timeout(300)
async def test_a_minute_without_redis_needs_no_memory(scene: Scene) -> None:
    await asyncio.sleep(20)
    memory, lines = resident_bytes(scene.process.pid), scene.lines()

    await outage(scene, 60)
    recovered_in = await scene.flows()

    assert recovered_in < 2
    assert resident_bytes(scene.process.pid) - memory < 5 * MEGABYTE
    assert scene.has_kept_its_exchange()
    assert scene.lines() - lines <= 60


@pytest.mark.soak
@pytest.mark.timeout(300)
async def test_twenty_seconds_of_a_frozen_redis(scene: Scene) -> None:
    scene.redis.freeze()
    await asyncio.sleep(20)
    scene.redis.thaw()

    assert await scene.flows() < 2
    assert scene.has_kept_its_exchange()
