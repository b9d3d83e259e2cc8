"""The way out to the channel layer: nothing else of the project sends to a group.

Every send has a deadline, because the Redis layer waits 5 s on a server that hangs and holds its lock meanwhile.
A message that did not go out is lost; whoever sent it learns of it by the answer.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from channels.layers import get_channel_layer
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from market.core.messages import (
    ALERTS,
    CONTROL,
    PRICES,
    REPORTS,
    STATUS,
    CandleBatch,
    FeedStatus,
    PriceBatch,
    ProcessReport,
    Resync,
    StoredEvent,
    StoredEvents,
    TestQuote,
)

logger = logging.getLogger(__name__)

TIMEOUT = 1.0
AT_ONCE = 100  # alerts in a message
# While the layer is away one line says so this often (seconds).
SAY_EVERY = 30.0
AWAY = (OSError, TimeoutError, RedisError)  # how a channel layer fails when its server is dead or hangs


class Publisher:
    """What the feed says. Each method returns whether the layer took the message within `timeout` seconds."""

    def __init__(self, *, timeout: float = TIMEOUT, clock: Callable[[], float] = time.monotonic) -> None:
        self._timeout = timeout
        self._clock = clock
        self._away_since: float | None = None
        self._said_at = float("-inf")

    async def batch(self, batch: PriceBatch) -> bool:
        return await self._send(PRICES, batch.payload())

    async def candles(self, batch: CandleBatch) -> bool:
        return await self._send(PRICES, batch.payload())

    async def status(self, status: FeedStatus) -> bool:
        return await self._send(STATUS, status.payload())

    async def event(self, event: StoredEvent) -> bool:
        """An event goes to the group that has the name of its channel: status or prices; all others are alerts."""
        return await self._send(event.group, event.payload())

    async def alerts(self, events: Sequence[StoredEvent]) -> bool:
        """Events of any channel of alerts, in their order. What follows one that was not taken is not sent."""
        for start in range(0, len(events), AT_ONCE):
            some = tuple(events[start : start + AT_ONCE])
            if not (await self.event(some[0]) if len(some) == 1 else await self._send_events(some)):
                return False
        return True

    async def _send_events(self, events: tuple[StoredEvent, ...]) -> bool:
        return await self._send(ALERTS, StoredEvents(events).payload())

    async def _send(self, group: str, payload: dict[str, Any]) -> bool:
        try:
            await send(group, payload, timeout=self._timeout)
        except AWAY as exc:
            self._say_away(exc)
            return False
        self._say_back()
        return True

    def _say_away(self, exc: BaseException) -> None:
        now = self._clock()
        if self._away_since is None:
            self._away_since = now
        if now - self._said_at >= SAY_EVERY:
            self._said_at = now
            logger.warning("the channel layer does not answer, nobody hears the feed: %s", describe(exc))

    def _say_back(self) -> None:
        if self._away_since is not None:
            logger.warning("the channel layer answers again after %.1f s", self._clock() - self._away_since)
            self._away_since, self._said_at = None, float("-inf")


async def tell_feed(message: TestQuote | Resync, *, timeout: float = TIMEOUT) -> bool:
    """Say something to the feed, wherever it runs; False when the layer did not take it. No word of whether it runs."""
    return await _tell(CONTROL, message.payload(), timeout)


async def tell_processes(report: ProcessReport, *, timeout: float = TIMEOUT) -> bool:
    """Say to every web process what this one measured; False when the layer did not take it."""
    return await _tell(REPORTS, report.payload(), timeout)


async def _tell(group: str, payload: dict[str, Any], timeout: float) -> bool:
    try:
        await send(group, payload, timeout=timeout)
    except AWAY as exc:
        logger.debug("nothing can be said in the group %s: %s", group, describe(exc))
        return False
    return True


async def send(group: str, payload: dict[str, Any], *, timeout: float) -> None:
    """One group_send. Raises one of AWAY."""
    layer = get_channel_layer()
    if layer is None:
        raise RuntimeError("no channel layer is configured")
    try:
        async with asyncio.timeout(timeout):
            try:
                await layer.group_send(group, payload)
            except RedisConnectionError:
                # The connection that lay ready is of before Redis was restarted; this one is new. What arrives twice
                # says the same twice.
                await layer.group_send(group, payload)
    finally:
        obey_cancellation()


def obey_cancellation() -> None:
    """Be cancelled now, if a word with the layer made this task forget that it was. To be called after each.

    redis-py sends by `asyncio.wait_for`, which on Python 3.11 swallows a cancellation that comes as it finishes; a
    loop around it would then run for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def describe(exc: BaseException) -> str:
    """One line about an exception, some of which have no text of their own."""
    return str(exc) or type(exc).__name__
