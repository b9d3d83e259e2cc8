"""Saying something to the layer takes its time or fails, and never holds up anything else."""

import asyncio
import logging

import pytest
from channels.layers import channel_layers
from channels_redis.pubsub import RedisPubSubChannelLayer

from market.core.messages import FeedStatus, PriceBatch
from market.publish import Publisher
from tests.support.services import RedisServer

BATCH = PriceBatch("k3f9", 1, True, 0, ())
STATUS = FeedStatus("k3f9", 1, "live", "simulator")


@pytest.fixture
def redis_layer(redis_server: RedisServer) -> RedisServer:
    channel_layers.set("default", RedisPubSubChannelLayer(hosts=[{"address": redis_server.url}]))
    return redis_server


async def worst_lag(seconds: float) -> float:
    """The longest that the event loop was held up."""
    loop, worst = asyncio.get_running_loop(), 0.0
    end = loop.time() + seconds
    while (before := loop.time()) < end:
        await asyncio.sleep(0.01)
        worst = max(worst, loop.time() - before - 0.01)
    return worst


async def test_a_layer_without_listeners_takes_everything() -> None:
    publisher = Publisher()

    assert await publisher.batch(BATCH)
    assert await publisher.status(STATUS)


async def test_a_dead_redis_is_said_once_and_its_return_too(
    redis_layer: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    publisher = Publisher()
    redis_layer.stop()
    with caplog.at_level(logging.WARNING, "market.publish"):
        for _ in range(50):
            assert not await publisher.batch(BATCH)
        await asyncio.to_thread(redis_layer.start)
        assert await publisher.batch(BATCH)

    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert said[0].startswith("the channel layer does not answer, nobody hears the feed: ")
    assert said[1].startswith("the channel layer answers again after ")


async def test_a_frozen_redis_holds_up_nothing_else(redis_layer: RedisServer) -> None:
    publisher = Publisher(timeout=0.3)
    assert await publisher.batch(BATCH)
    redis_layer.freeze()
    lag = asyncio.create_task(worst_lag(1.0))

    began = asyncio.get_running_loop().time()
    answers = [await publisher.batch(BATCH), await publisher.status(STATUS)]
    waited = asyncio.get_running_loop().time() - began
    redis_layer.thaw()

    assert answers == [False, False]
    assert waited < 1.5
    assert await lag < 0.3
    assert await publisher.batch(BATCH)
