"""The network between us and Redis is cut without a word: no process stands still, and the line is found again."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from channels_redis.pubsub import RedisPubSubChannelLayer
from redis.exceptions import RedisError

from market.core.messages import STALE
from pricefeed.redis_connection import PATIENCE, layer_host
from tests.support.cluster import Cluster, cluster
from tests.support.far_network import FarNetwork, require_namespaces
from tests.support.services import RedisServer, require

QUICK = {socket.TCP_USER_TIMEOUT: 1000, socket.TCP_KEEPIDLE: 1, socket.TCP_KEEPINTVL: 1, socket.TCP_KEEPCNT: 1}
FOUND_WITHIN = 5.0  # a try to connect takes 2 s, and there is a second between two


@pytest.fixture
def far() -> Iterator[FarNetwork]:
    require_namespaces()
    with FarNetwork() as network:
        yield network


@pytest.fixture
def far_redis(far: FarNetwork) -> Iterator[RedisServer]:
    with RedisServer(require("redis-server"), host=far.far, inside=far.inside) as server:
        yield server


@pytest.fixture
async def layer(far_redis: RedisServer) -> AsyncIterator[RedisPubSubChannelLayer]:
    """The channel layer as it is configured, in a hurry."""
    host = layer_host(far_redis.url)
    assert host["socket_keepalive_options"].keys() == PATIENCE.keys() == QUICK.keys()
    layer = RedisPubSubChannelLayer(hosts=[{**host, "socket_keepalive_options": QUICK}])
    yield layer
    await layer.flush()


async def test_a_lost_connection_is_noticed_and_replaced(far: FarNetwork, layer: RedisPubSubChannelLayer) -> None:
    channel = await layer.new_channel()
    await layer.group_add("prices", channel)
    await layer.group_send("prices", {"type": "first"})
    assert await layer.receive(channel) == {"type": "first"}
    await asyncio.to_thread(far.cut)

    longest, until = 0.0, time.monotonic() + 6
    while (asked := time.monotonic()) < until:
        await asyncio.sleep(0.05)
        longest = max(longest, time.monotonic() - asked)
    await asyncio.to_thread(far.mend)
    receiving = asyncio.create_task(layer.receive(channel))
    async with asyncio.timeout(20):
        while not receiving.done():
            await send(layer)
            await asyncio.wait((receiving,), timeout=0.5)

    assert longest < 2, "the event loop stood still"


async def send(layer: RedisPubSubChannelLayer) -> None:
    # AttributeError: asyncio of Python 3.13.0 at a transport that is closed. The feed and `serve` run on uvloop.
    with contextlib.suppress(OSError, RedisError, AttributeError):
        async with asyncio.timeout(1):
            await layer.group_send("prices", {"type": "again"})


@pytest.mark.soak
async def test_clients_are_told_and_get_prices_again(far: FarNetwork, far_redis: RedisServer, tmp_path: Path) -> None:
    async with cluster(far_redis, tmp_path) as running:
        ends, cut = running.ends(), time.monotonic()
        await asyncio.to_thread(far.cut)
        await answering(running, 60)
        await asyncio.to_thread(far.mend)
        mended = time.monotonic()
        await running.until_calm()

        assert max(running.told(STALE, cut)) <= 3
        assert max(running.fresh_after(mended)) <= FOUND_WITHIN
        assert running.ends() == ends
        assert running.wrong() == []
        assert running.has_kept_its_exchange()


async def answering(running: Cluster, seconds: float) -> None:
    """Every web process answers all the while."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for web in running.webs:
            await asyncio.to_thread(web.status)
        await asyncio.sleep(0.2)
