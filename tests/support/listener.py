"""A stand-in for a web process: joins the feed's groups with one channel, keeps what it hears, asks after a gap."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Self

from channels.layers import BaseChannelLayer, get_channel_layer
from redis.exceptions import RedisError

from market.core.messages import ALERTS, CONTROL, PRICES, STATUS, FeedStatus, PriceBatch, Resync, StoredEvent
from market.core.wire import WireQuote
from market.publish import tell_feed
from tests.support.exchange import until

DEADLINE = 20.0


class Listener:
    """`quotes` are the newest by symbol, as a hub holds them; `gaps` counts batches missed; `heard` says when each
    batch came (monotonic seconds). Use as an async context manager.
    """

    def __init__(self) -> None:
        self.batches: list[PriceBatch] = []
        self.statuses: list[FeedStatus] = []
        self.events: list[StoredEvent] = []
        self.heard: list[float] = []
        self.quotes: dict[str, WireQuote] = {}
        self.tests: list[WireQuote] = []
        self.gaps = 0
        self._place = ("", 0)
        self._task: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[bool] | None = None

    async def __aenter__(self) -> Self:
        layer = get_channel_layer()
        assert layer is not None
        channel = await layer.new_channel()
        for group in (PRICES, STATUS, ALERTS):
            await layer.group_add(group, channel)
        self._task = asyncio.create_task(self._listen(layer, channel))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def say(self, payload: dict[str, Any]) -> None:
        """To the feed."""
        layer = get_channel_layer()
        assert layer is not None
        await layer.group_send(CONTROL, payload)

    async def until(self, condition: Callable[["Listener"], object], *, deadline: float = DEADLINE) -> None:
        await until(lambda: condition(self), deadline=deadline)

    @property
    def feed(self) -> str:
        """The state the feed gave last."""
        return self.statuses[-1].feed if self.statuses else ""

    async def _listen(self, layer: BaseChannelLayer, channel: str) -> None:
        while True:
            try:
                self._take(await layer.receive(channel))
            except (OSError, RedisError):
                await asyncio.sleep(0.1)

    def _take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case PriceBatch.TYPE:
                self._take_batch(PriceBatch.of(message))
            case FeedStatus.TYPE:
                self.statuses.append(FeedStatus.of(message))
            case StoredEvent.TYPE:
                self.events.append(StoredEvent.of(message))

    def _take_batch(self, batch: PriceBatch) -> None:
        self.batches.append(batch)
        self.heard.append(time.monotonic())
        epoch, seq = self._place
        if batch.epoch == epoch and batch.seq <= seq:
            return
        if not batch.full and (batch.epoch, batch.seq) != (epoch, seq + 1):
            self.gaps += 1
            self._asking = asyncio.create_task(tell_feed(Resync()))
        self._place = (batch.epoch, batch.seq)
        for quote in batch.quotes:
            if quote.source == "test":
                self.tests.append(quote)
            else:
                self.quotes[quote.symbol] = quote
