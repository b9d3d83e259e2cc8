"""What web processes say to the feed: group `control` of the channel layer."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from channels.layers import BaseChannelLayer, get_channel_layer

from market.core.messages import CONTROL, Resync, TestQuote
from market.publish import AWAY, describe, obey_cancellation

logger = logging.getLogger(__name__)

JOIN_TIMEOUT = 2.0


@dataclass(frozen=True, slots=True)
class ControlPace:
    """Seconds. Joining again heals the in-memory layer, which drops a slow member for ever without a word."""

    rejoin: float = 10.0
    retry: float = 1.0
    say: float = 30.0


class ControlReader:
    """Hears the group for ever, through any outage of the layer, and hands each message to a callback at once."""

    def __init__(
        self,
        *,
        on_resync: Callable[[], None],
        on_test: Callable[[TestQuote], None],
        pace: ControlPace | None = None,
    ) -> None:
        self._on_resync = on_resync
        self._on_test = on_test
        self._pace = pace or ControlPace()
        self._said_at = float("-inf")

    async def run(self) -> None:
        layer = get_channel_layer()
        if layer is None:
            raise RuntimeError("no channel layer is configured")
        channel = await self._open(layer)
        async with asyncio.TaskGroup() as tasks:
            # Never one task that waits for both: a cancelled receive leaves its channel.
            tasks.create_task(self._keep_joined(layer, channel), name="control membership")
            tasks.create_task(self._receive(layer, channel), name="control")

    async def _open(self, layer: BaseChannelLayer) -> str:
        pause = self._pace.retry
        while True:
            try:
                async with asyncio.timeout(JOIN_TIMEOUT):
                    channel: str = await layer.new_channel()
                obey_cancellation()
                return channel
            except AWAY as exc:
                self._say(exc)
                await asyncio.sleep(pause)
                pause = min(pause * 2, self._pace.rejoin)  # the layer keeps something of each failed try

    async def _keep_joined(self, layer: BaseChannelLayer, channel: str) -> None:
        while True:
            try:
                async with asyncio.timeout(JOIN_TIMEOUT):
                    await layer.group_add(CONTROL, channel)
                obey_cancellation()
                pause = self._pace.rejoin
            except AWAY as exc:
                self._say(exc)
                pause = self._pace.retry
            await asyncio.sleep(pause)

    async def _receive(self, layer: BaseChannelLayer, channel: str) -> None:
        while True:
            try:
                self._take(await layer.receive(channel))
            except AWAY as exc:
                self._say(exc)
                await asyncio.sleep(self._pace.retry)

    def _take(self, message: Mapping[str, Any]) -> None:
        kind = message.get("type")
        if kind == Resync.TYPE:
            self._on_resync()
        elif kind == TestQuote.TYPE:
            try:
                self._on_test(TestQuote.of(message))
            except (KeyError, TypeError, ValueError, ArithmeticError) as exc:
                self._say(exc)

    def _say(self, exc: BaseException) -> None:
        if time.monotonic() - self._said_at >= self._pace.say:
            self._said_at = time.monotonic()
            logger.warning("the feed's control channel: %s", describe(exc))
