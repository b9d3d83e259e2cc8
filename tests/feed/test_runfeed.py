"""`manage.py runfeed`: what it says, what it refuses, how it ends."""

import asyncio
import signal
from pathlib import Path

import pytest
from channels.layers import channel_layers
from channels_redis.pubsub import RedisPubSubChannelLayer

from market.core.messages import DOWN, LIVE
from market.simulator import Simulator
from tests.support.feed_process import feed_process
from tests.support.listener import Listener
from tests.support.live import LiveProcess
from tests.support.services import RedisServer


@pytest.fixture
def redis_layer(redis_server: RedisServer) -> RedisServer:
    """A Redis that this process hears too."""
    layer = RedisPubSubChannelLayer(hosts=[{"address": redis_server.url}], prefix="pricefeed")
    channel_layers.set("default", layer)
    return redis_server


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_feeds_until_it_is_told_to_stop(
    redis_layer: RedisServer, exchange: Simulator, tmp_path: Path, number: signal.Signals
) -> None:
    async with feed_process(redis_layer, exchange, tmp_path) as process, Listener() as listener:
        await listener.until(lambda heard: heard.feed == LIVE and "BTCUSDT" in heard.quotes)
        code = await asyncio.to_thread(process.stop, by=number)

        assert code == 0
        assert "Traceback" not in process.stderr
        assert f"Prices of simulator from {exchange.stream_url}" in process.stdout
        assert "watching 16 symbols: BTCUSDT, ETHUSDT" in process.stderr


async def test_an_exchange_that_refuses_is_named_once_and_tried_on(
    redis_layer: RedisServer, exchange: Simulator, tmp_path: Path
) -> None:
    exchange.faults.http_status = 451
    async with feed_process(redis_layer, exchange, tmp_path) as process, Listener() as listener:
        await listener.until(lambda heard: heard.feed == DOWN)
        await asyncio.to_thread(
            process.wait_until, lambda: "make demo" in process.stdout, what="the reason", deadline=20
        )

        assert "No prices yet: HTTP 451" in process.stdout
        assert process.stdout.count("make demo") == 1
        assert await asyncio.to_thread(process.stop) == 0


def test_without_redis_it_refuses_with_one_line() -> None:
    with LiveProcess("runfeed") as process:
        code = process.process.wait(60)

        assert code == 1
        assert process.stderr.strip().splitlines() == [
            "CommandError: REDIS_URL is not set, so nobody would hear the feed; `serve` runs web and feed in one."
        ]


@pytest.mark.parametrize("trouble", ["dead", "frozen"])
async def test_it_stops_cleanly_without_redis_too(
    redis_layer: RedisServer, exchange: Simulator, tmp_path: Path, trouble: str
) -> None:
    async with feed_process(redis_layer, exchange, tmp_path) as process, Listener() as listener:
        await listener.until(lambda heard: heard.feed == LIVE)
        if trouble == "dead":
            redis_layer.kill()
        else:
            redis_layer.freeze()
        try:
            async with asyncio.timeout(10):
                code = await asyncio.to_thread(process.stop)
        finally:
            if trouble == "frozen":
                redis_layer.thaw()

    assert code == 0
    assert "Traceback" not in process.stderr
