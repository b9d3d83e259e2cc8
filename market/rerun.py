"""A recording through the feed once more, by the clock of the recording: the same frames give the same batches.

It is the feed's own code that takes each frame, merges, conflates and numbers. Only the waiting is not: a batch that
is due between two frames leaves at the moment at which it was due, and no other clock is read.
"""

from collections.abc import Callable, Iterable
from math import ceil

from market.core.messages import PriceBatch
from market.exchanges.recorded import Received
from market.feed import Feed
from market.feed_options import FeedOptions
from market.publish import Publisher
from market.watchlist import Watched

NANOSECONDS = 1_000_000_000


class _Kept(Publisher):
    """Batches go to `on_batch` instead of a channel layer."""

    def __init__(self, on_batch: Callable[[PriceBatch], None]) -> None:
        super().__init__()
        self._on_batch = on_batch

    async def batch(self, batch: PriceBatch) -> bool:
        self._on_batch(batch)
        return True


class Rerun:
    """`take` each frame in order, then `finish`. `on_batch` gets what a feed would have published.

    Frames of one moment are one piece of news: nothing leaves between them. The clock begins with the first frame, and
    stands still where recorded times go back.
    """

    def __init__(
        self,
        options: FeedOptions,
        symbols: Iterable[str],
        *,
        on_batch: Callable[[PriceBatch], None],
        begin_ns: int,
        epoch: str = "replay",
    ) -> None:
        self._now_ns = self._begin_ns = begin_ns
        self.feed = Feed(options, epoch=epoch, publisher=_Kept(on_batch), clock=self._clock, wall=self._wall)
        self.feed.watch(_watched(options.exchange, symbols))

    async def take(self, received: Received) -> None:
        """Let leave what was due before it, then hear it."""
        await self._flush_before(received.at_ns)
        self._now_ns = max(self._now_ns, received.at_ns)
        self.feed.hear(received.frame)

    async def finish(self) -> None:
        """Let leave what is still held, each when it is due."""
        await self._flush_before(None)

    async def _flush_before(self, at_ns: int | None) -> None:
        while (delay := self.feed.flusher.due_in(self._clock())) is not None:
            due_ns = self._now_ns + max(0, ceil(delay * NANOSECONDS))
            if at_ns is not None and due_ns >= at_ns:
                return
            self._now_ns = due_ns
            await self.feed.flusher.flush()

    def _clock(self) -> float:
        """Seconds since the first frame."""
        return (self._now_ns - self._begin_ns) / NANOSECONDS

    def _wall(self) -> float:
        """Seconds since 1970."""
        return self._now_ns / NANOSECONDS


def _watched(exchange: str, symbols: Iterable[str]) -> list[Watched]:
    return [
        Watched(exchange, symbol, base="", quote="", tick_size=None, position=place, every_trade=True, status="")
        for place, symbol in enumerate(symbols)
    ]
