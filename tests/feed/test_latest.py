"""The last known prices outlive the feed, where there is a cache that others see."""

import pytest
from django.core.cache import cache
from pytest_django.fixtures import Settings

from market import latest
from market.core.messages import PriceBatch
from market.core.wire import WireQuote
from tests.support.services import RedisServer

QUOTE = WireQuote("binance", "币安人生USDT", "simulator", 7, {"price": "0.00000001"})
BATCH = PriceBatch("k3f9", 12, True, 1_700_000_000_000, (QUOTE,))


@pytest.fixture
def redis(redis_server: RedisServer, settings: Settings) -> RedisServer:
    """The cache between processes, as in settings."""
    settings.REDIS_URL = redis_server.url
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": redis_server.url,
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
        }
    }
    return redis_server


async def test_what_was_stored_is_loaded(redis: RedisServer) -> None:
    assert await latest.store(BATCH)

    assert await latest.load() == BATCH


async def test_before_any_feed_there_is_nothing(redis: RedisServer) -> None:
    assert await latest.load() is None


async def test_without_redis_nothing_is_kept() -> None:
    assert not await latest.store(BATCH)
    assert await latest.load() is None


async def test_a_dead_redis_is_no_error(redis: RedisServer) -> None:
    await latest.store(BATCH)
    redis.kill()

    assert not await latest.store(BATCH)
    assert await latest.load() is None


async def test_a_frozen_redis_is_waited_for_only_so_long(redis: RedisServer) -> None:
    await latest.store(BATCH)
    redis.freeze()

    try:
        assert await latest.load() is None
        assert not await latest.store(BATCH)
    finally:
        redis.thaw()


async def test_what_another_version_wrote_is_left_alone(redis: RedisServer) -> None:
    await cache.aset(latest.KEY, '{"prices": []}')

    assert await latest.load() is None
