"""The last known prices, kept in the shared cache: for a web process that starts while the feed is away.

They are shown as stale. Without Redis there is one process, whose hub holds the same, and nothing is kept.
"""

import asyncio
import json
import logging

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

from market.core.messages import PriceBatch

logger = logging.getLogger(__name__)

KEY = "market:latest"
KEPT_FOR = 7 * 24 * 3600  # seconds
LOAD_TIMEOUT = 2.0
AWAY = (OSError, TimeoutError, RedisError)


def is_shared() -> bool:
    """Whether other processes see what is stored here."""
    return bool(settings.REDIS_URL)


async def store(batch: PriceBatch) -> bool:
    """Keep a full batch as the newest; False when the cache did not take it. Waits in a thread of its own."""
    if not is_shared():
        return False
    text = json.dumps(batch.payload(), ensure_ascii=False)
    try:
        await asyncio.to_thread(cache.set, KEY, text, KEPT_FOR)
    except AWAY as exc:
        logger.debug("the latest prices are not kept: %s", exc)
        return False
    return True


async def load() -> PriceBatch | None:
    """The newest full batch kept by any feed, of whatever epoch; None when there is none or the cache is away."""
    if not is_shared():
        return None
    try:
        async with asyncio.timeout(LOAD_TIMEOUT):
            text = await asyncio.to_thread(cache.get, KEY)
        return PriceBatch.of(json.loads(text)) if text else None
    except AWAY as exc:
        logger.warning("the last known prices cannot be read: %s", exc or type(exc).__name__)
    except (ValueError, KeyError, TypeError) as exc:
        # Another version of the project wrote it.
        logger.warning("the last known prices cannot be understood: %s", exc)
    return None
