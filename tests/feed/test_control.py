"""The feed hears what web processes ask, through anything that happens to the layer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from channels.layers import InMemoryChannelLayer, channel_layers
from channels_redis.pubsub import RedisPubSubChannelLayer

from market.control import ControlPace, ControlReader
from market.core.messages import CONTROL, Resync, TestQuote
from market.publish import tell_feed
from tests.support.exchange import until
from tests.support.services import RedisServer

QUICK = ControlPace(rejoin=0.05, retry=0.05)
TEST_QUOTE = TestQuote("binance", "BTCUSDT", "95000", "2.5")


class Heard:
    """What the callbacks got."""

    def __init__(self) -> None:
        self.resyncs = 0
        self.tests: list[TestQuote] = []

    def resync(self) -> None:
        self.resyncs += 1

    def test(self, quote: TestQuote) -> None:
        if quote.price == "nonsense":
            raise ValueError("not a price")
        self.tests.append(quote)


@asynccontextmanager
async def reading() -> AsyncIterator[Heard]:
    heard = Heard()
    reader = ControlReader(on_resync=heard.resync, on_test=heard.test, pace=QUICK)
    task = asyncio.create_task(reader.run())
    yield heard
    assert not task.done(), task
    task.cancel()
    await asyncio.wait([task])


async def heard_again(heard: Heard) -> None:
    """Ask until it is heard."""
    before = heard.resyncs
    async with asyncio.timeout(20):
        while heard.resyncs == before:
            await tell_feed(Resync())
            await asyncio.sleep(0.05)


@pytest.fixture
def redis_layer(redis_server: RedisServer) -> RedisServer:
    """The layer between processes, as in settings."""
    hosts = [{"address": redis_server.url, "socket_connect_timeout": 2}]
    channel_layers.set("default", RedisPubSubChannelLayer(hosts=hosts))
    return redis_server


async def test_a_question_and_a_test_quote_are_heard() -> None:
    async with reading() as heard:
        await heard_again(heard)
        assert await tell_feed(TEST_QUOTE)
        await until(lambda: heard.tests)

    assert heard.tests == [TEST_QUOTE]


async def test_what_cannot_be_understood_is_passed_over(layer: InMemoryChannelLayer) -> None:
    async with reading() as heard:
        await heard_again(heard)
        for nonsense in ({"type": "of.another.version"}, {}, {"type": TestQuote.TYPE}):
            await layer.group_send(CONTROL, dict(nonsense))
        await tell_feed(TestQuote("binance", "BTCUSDT", "nonsense", None))
        await heard_again(heard)

    assert heard.tests == []


async def test_a_reader_that_the_layer_forgot_joins_again(layer: InMemoryChannelLayer) -> None:
    async with reading() as heard:
        await heard_again(heard)
        layer.groups.clear()
        await heard_again(heard)


async def test_a_redis_that_starts_late_is_joined(redis_layer: RedisServer) -> None:
    redis_layer.stop()
    async with reading() as heard:
        assert not await tell_feed(Resync())
        await asyncio.to_thread(redis_layer.start)
        await heard_again(heard)


async def test_a_redis_that_crashed_is_joined_again(redis_layer: RedisServer) -> None:
    async with reading() as heard:
        await heard_again(heard)
        redis_layer.kill()
        assert not await tell_feed(TEST_QUOTE)
        await asyncio.to_thread(redis_layer.start)
        await heard_again(heard)


async def test_a_frozen_redis_costs_no_more_than_the_deadline(redis_layer: RedisServer) -> None:
    async with reading() as heard:
        await heard_again(heard)
        redis_layer.freeze()
        began = asyncio.get_running_loop().time()
        assert not await tell_feed(TEST_QUOTE)
        waited = asyncio.get_running_loop().time() - began
        redis_layer.thaw()
        await heard_again(heard)

    assert waited < 3
