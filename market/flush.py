"""From the conflator to the channel layer: when a batch leaves, what is in it, and what when it cannot."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from market.core.conflate import Conflator
from market.core.messages import PriceBatch, Stamp
from market.core.quote import Quote
from market.core.wire import WireQuote
from market.publish import Publisher

MAX_TESTS = 16  # test quotes that may wait; the oldest gives way


@dataclass(frozen=True, slots=True)
class FlushPace:
    """Seconds. `window` is that of conflation; `retry` the pause after a failed publish."""

    window: float = 0.1
    retry: float = 0.25
    full_every: float = 0.2


class Flusher:
    """Publishes what changed, in batches numbered from 1 within `epoch`.

    Offering never waits. Nothing queues: what could not be published is in the next batch, which is then full.
    `on_flush` gets every batch's quotes, published or not. `stamp` makes the stamp of a change from when it came and
    its exchange time, `on_stamped` gets that of each batch that the layer took. Attributes for the feed's heartbeat:
    `seq` of the last batch sent, `published` quotes, `merged` quotes that a newer one replaced before they left.
    """

    def __init__(
        self,
        publisher: Publisher,
        *,
        epoch: str,
        pace: FlushPace | None = None,
        on_flush: Callable[[Iterable[WireQuote]], None] = lambda quotes: None,
        stamp: Callable[[float, int | None], Stamp | None] = lambda since, time_ms: None,
        on_stamped: Callable[[Stamp], None] = lambda stamp: None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._publisher = publisher
        self._pace = pace or FlushPace()
        self._conflator = Conflator(self._pace.window)
        self._on_flush = on_flush
        self._stamp = stamp
        self._on_stamped = on_stamped
        self._oldest: tuple[float, int | None] | None = None  # of what waits: when it came, its exchange time
        self._clock = clock
        self._wall = wall
        self._known: dict[tuple[str, str], WireQuote] = {}
        self._tests: deque[WireQuote] = deque(maxlen=MAX_TESTS)
        self._changed = asyncio.Event()
        self._full = True  # the next batch holds everything
        self._owed = False  # a full batch is due although nothing changed
        self._full_at = self._paused_until = float("-inf")
        self._numbered = 0  # batches, those that could not be sent too
        self.epoch = epoch
        self.seq = 0
        self.published = 0

    @property
    def merged(self) -> int:
        return self._conflator.merged

    def offer(self, quote: Quote, time_ms: int | None = None) -> None:
        """Hold `quote` for the next batch. `time_ms` is the exchange's time of what changed it, where that is news."""
        if self._oldest is None:
            self._oldest = (self._clock(), time_ms)
        self._conflator.offer(quote)
        self._changed.set()

    def resync(self) -> None:
        """Somebody lost the place: send everything again, soon, once for all who ask meanwhile."""
        if self.seq:
            self._full = self._owed = True
            self._changed.set()

    def test(self, quote: Quote) -> None:
        """Send a quote of source `test` by itself: it is no price and is kept nowhere. Raises ValueError for NaN."""
        self._tests.append(WireQuote.of(quote))
        self._changed.set()

    def drop(self, exchange: str, symbol: str) -> None:
        """Forget a symbol that is watched no longer."""
        self._conflator.drop(exchange, symbol)
        self._known.pop((exchange, symbol), None)
        if not self._conflator:
            self._oldest = None

    def everything(self) -> PriceBatch:
        """All that is known, as a full batch at the current place."""
        return self._batch(self.seq, self._known.values(), full=True)

    async def run(self) -> None:
        """Flush whenever something is due, for ever."""
        while True:
            await self._due()
            await self.flush()

    async def flush(self) -> None:
        """Publish what is held, now: changes (or everything), then test quotes."""
        changed = [WireQuote.of(quote) for quote in self._conflator.take(self._clock())]
        self._known.update({(quote.exchange, quote.symbol): quote for quote in changed})
        if changed:
            self._on_flush(changed)
        if (changed or self._owed) and not await self._publish_changes(changed):
            return
        while self._tests and await self._publish([self._tests[0]], full=False):
            self._tests.popleft()

    async def _publish_changes(self, changed: list[WireQuote]) -> bool:
        full, oldest = self._full, self._oldest
        self._full = self._owed = False  # before it is sent: who asks from now on may not see this batch
        self._oldest = None
        sent = await self._publish(self._known.values() if full else changed, full=full, oldest=oldest)
        if not sent and oldest is not None:
            self._oldest = oldest  # it waits on
        return sent

    async def _publish(
        self, quotes: Iterable[WireQuote], *, full: bool, oldest: tuple[float, int | None] | None = None
    ) -> bool:
        # The number is used up even when sending fails: a server that hung may still deliver the batch later.
        self._numbered += 1
        batch = self._batch(self._numbered, quotes, full=full)
        if oldest is not None:
            batch = replace(batch, stamp=self._stamp(*oldest))
        if not await self._publisher.batch(batch):
            self._full = self._owed = True
            self._paused_until = self._clock() + self._pace.retry
            return False
        self.seq = batch.seq
        self.published += len(batch.quotes)
        self._full_at = self._clock() if full else self._full_at
        if batch.stamp is not None:
            self._on_stamped(batch.stamp)
        return True

    def _batch(self, seq: int, quotes: Iterable[WireQuote], *, full: bool) -> PriceBatch:
        return PriceBatch(self.epoch, seq, full, int(self._wall() * 1000), tuple(quotes))

    async def _due(self) -> None:
        while (delay := self.due_in(self._clock())) is None or delay > 0:
            if delay is None:
                await self._changed.wait()
            else:
                await asyncio.sleep(delay)
            self._changed.clear()

    def due_in(self, now: float) -> float | None:
        """Seconds until the next batch is to leave (0 or less: now); None when nothing is held."""
        waits = [wait for wait in (self._conflator.due_in(now),) if wait is not None]
        if self._owed:
            waits.append(self._full_at + self._pace.full_every - now)
        if self._tests:
            waits.append(0.0)
        return max(min(waits), self._paused_until - now) if waits else None
