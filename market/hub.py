"""The newest quote per symbol of this process, and every question about it.

One cursor serves all transports: `epoch` and `seq` of the last batch. "What changed since" is a filter over the newest
quotes, so a slow reader is a reader with an old cursor and nothing is queued for it.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from market.alert_lane import AlertLane
from market.audience import Audience
from market.candle_lane import CandleLane
from market.cohort import Key
from market.core.cursor import Cursor
from market.core.dialect import Dialect
from market.core.line import NEVER, Line
from market.core.messages import FeedStatus, PriceBatch
from market.core.viewer import Viewer
from market.core.wire import WireQuote
from market.feed_watch import FeedState, FeedWatch
from market.watched_names import WatchedNames
from market.web_hops import WebHops


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer to "what changed since": `texts` are the quotes' JSON, in the order of `quotes`."""

    cursor: str
    feed: FeedState
    quotes: list[WireQuote]
    texts: list[bytes]


@dataclass(slots=True, eq=False)
class _Waiter:
    keys: frozenset[Key] | None
    news: asyncio.Future[None]
    viewer: Viewer | None  # None: asked for prices only


@dataclass(slots=True, eq=False)
class _Expected:
    key: Key
    price: str
    cursor: asyncio.Future[str]

    def is_(self, quote: WireQuote) -> bool:
        return (quote.exchange, quote.symbol) == self.key and quote.numbers["price"] == self.price


class Hub:
    """Lives in one event loop. `clock` is monotonic seconds, `wall` ms since 1970 for the timestamps of messages."""

    def __init__(
        self,
        *,
        heartbeat: int,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self.feed = FeedWatch()
        self.names = WatchedNames()
        self.epoch = ""
        self.seq = 0
        self.clock = clock
        self.wall = wall
        self.alerts = AlertLane(wall=wall, on_alert=self._answer_polls)
        self.candles = CandleLane(wall=wall)
        self.audience = Audience(self, heartbeat, self.alerts, self.candles)
        self.hops = WebHops(self, clock=clock)
        self._lines: dict[Key, Line] = {}
        self._changed: set[Key] = set()
        self._tests: list[WireQuote] = []
        self.flushed = 0  # the batch that members in their cohorts have read up to
        self._flush_due = False
        self._changed_at: float | None = None
        self._waiters: set[_Waiter] = set()
        self._expected: set[_Expected] = set()

    @property
    def cursor(self) -> str:
        return str(Cursor(self.epoch or "0", self.seq))

    @property
    def state(self) -> FeedState:
        return self.feed.state

    def apply(self, batch: PriceBatch) -> bool:
        """Take a batch; False when one was lost before it. Quotes are written to clients at the loop's next turn."""
        now = self.clock()
        if not self.feed.accepts(batch.epoch, now):
            return True
        self.feed.heard(batch.epoch, now)
        if batch.epoch == self.epoch and batch.seq <= self.seq:
            return True
        whole = batch.full or (batch.epoch == self.epoch and batch.seq == self.seq + 1)
        if batch.epoch != self.epoch:
            self._begin(batch.epoch)
        self.seq = batch.seq
        self.hops.relayed(batch.stamp)
        for quote in batch.quotes:
            self._take(quote)
        if (self._changed or self._tests) and not self._flush_due:
            self._flush_due = True
            asyncio.get_running_loop().call_soon(self.flush)
        return whole

    def hear(self, status: FeedStatus) -> bool:
        """Take the feed's heartbeat; False when it speaks of a batch that never came."""
        now = self.clock()
        if not self.feed.accepts(status.epoch, now):
            return True
        if self.feed.hear(status, now):
            self._say_status()
        return status.seq == 0 or (status.epoch == self.epoch and status.seq <= self.seq)

    def remember(self, batch: PriceBatch) -> None:
        """Prices of an earlier run, for a process that starts while the feed is away: older than all it will say."""
        for quote in batch.quotes:
            self._lines.setdefault((quote.exchange, quote.symbol), Line(quote, 0))

    def watch(self, keys_in_order: Iterable[Key]) -> None:
        """The list that staff changed, in the order of the board; everybody hears what came and went.

        Nothing came and nothing went: the order, the digits or a status is another, and pages ask for the list.
        """
        before = self.names.keys
        self.names.set(keys_in_order)
        for key in before - self.names.keys:
            self._lines.pop(key, None)
            self._changed.discard(key)
        self.candles.keep_only(self.names.keys)
        self.audience.tell_all(lambda dialect: self.symbols_message(dialect, before))

    def flush(self) -> None:
        """Write what changed since the last flush to everybody who is up to date."""
        self._flush_due = False
        if not self._changed and not self._tests:
            return
        since, self.flushed = self.flushed, self.seq
        changed, self._changed = self._changed & self.names.keys, set()
        tests, self._tests = self._tests, []
        texts = {key: self._lines[key].text(since) for key in changed}
        own = [((quote.exchange, quote.symbol), quote.json().encode()) for quote in tests]
        self.hops.written(somebody=self.audience.write(texts, own, since))
        for waiter in self._waiters:
            if not waiter.news.done() and (changed if waiter.keys is None else changed & waiter.keys):
                waiter.news.set_result(None)
        for expected in self._expected:
            if not expected.cursor.done() and any(expected.is_(test) for test in tests):
                expected.cursor.set_result(self.cursor)

    def tick(self) -> None:
        """A few times a second: notice a silent feed, keep the audience company."""
        if self.feed.judge(self.clock()):
            self._say_status()
        self.audience.tick()

    def newer(self, keys: frozenset[Key] | None, since: int) -> list[Line]:
        """The lines of `keys` (None: all watched, in board order) that changed after batch `since` of this epoch."""
        lines = self._lines
        wanted = self.names.order if keys is None else keys
        return [line for key in wanted if (line := lines.get(key)) is not None and line.seq > since]

    def place_of(self, since: Cursor | None) -> int:
        """Where a client's cursor stands in this epoch; NEVER when it says nothing here."""
        known = since is not None and since.epoch == self.epoch and since.seq <= self.seq
        return since.seq if since is not None and known else NEVER

    def read(self, keys: frozenset[Key] | None, since: Cursor | None) -> Reading:
        """Everything newer than `since`; all of it when that is None or of another epoch."""
        place = self.place_of(since)
        lines = self.newer(keys, place)
        texts = [line.text(place) for line in lines]
        return Reading(self.cursor, self.feed.state, [line.quote for line in lines], texts)

    async def wait(
        self, keys: frozenset[Key] | None, since: Cursor | None, timeout: float, *, viewer: Viewer | None = None
    ) -> Reading:
        """The same, but when nothing is newer yet wait for it, at most `timeout` seconds.

        An alert that `viewer` may see ends the wait too.
        """
        reading = self.read(keys, since)
        if reading.quotes or timeout <= 0:
            return reading
        waiter = _Waiter(keys, asyncio.get_running_loop().create_future(), viewer)
        self._waiters.add(waiter)
        try:
            await asyncio.wait((waiter.news,), timeout=timeout)
        finally:
            self._waiters.discard(waiter)
        return self.read(keys, since)

    async def test_seen(self, key: Key, price: str) -> str:
        """Wait, without end, for a test broadcast of `key` at `price` (number text); the cursor then."""
        expected = _Expected(key, price, asyncio.get_running_loop().create_future())
        self._expected.add(expected)
        try:
            return await expected.cursor
        finally:
            self._expected.discard(expected)

    def release(self) -> None:
        """Let every long poll answer with what there is: the feed's state changed, or the server goes down."""
        for waiter in self._waiters:
            if not waiter.news.done():
                waiter.news.set_result(None)

    def _answer_polls(self, channel: str) -> None:
        for waiter in self._waiters:
            if waiter.viewer is not None and channel in waiter.viewer.channels and not waiter.news.done():
                waiter.news.set_result(None)

    def symbols_message(self, dialect: Dialect, before: frozenset[Key]) -> bytes:
        """What came and went since the watched symbols were `before`."""
        added, removed = self.names.difference(before)
        return dialect.symbols(added, removed, self.wall())

    def clients(self) -> Mapping[str, int]:
        """Connected clients by transport: ws, sse, poll."""
        return {**self.audience.sizes(), "poll": len(self._waiters)}

    def last_tick_age_ms(self) -> int | None:
        """Ms since a price last changed here; None before the first."""
        return None if self._changed_at is None else int((self.clock() - self._changed_at) * 1000)

    def _begin(self, epoch: str) -> None:
        """Another start of a feed: its batches count from 1, what is held from before is older than all of them."""
        self.flush()
        for line in self._lines.values():
            line.rebase()
        self.epoch, self.seq, self.flushed = epoch, 0, 0
        self.audience.begin()

    def _take(self, quote: WireQuote) -> None:
        if quote.source == "test":
            # Passed on to those who are here now, never held: it is no market price.
            self._tests.append(quote)
            return
        key = (quote.exchange, quote.symbol)
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = Line(quote, self.seq)
        elif not line.update(quote, self.seq):
            return
        self._changed.add(key)
        line.at = self._changed_at = self.clock()

    def _say_status(self) -> None:
        words = self.feed.state.words()
        self.audience.tell_all(lambda dialect: dialect.status(words, self.wall()))
        self.release()
