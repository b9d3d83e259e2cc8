"""The feed: listens to one exchange and publishes its newest prices. One asyncio loop, no thread on the price path."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable, Iterable
from decimal import Decimal

from market.candles import Candles
from market.control import ControlReader
from market.core.cursor import new_epoch
from market.core.merge import Merger
from market.core.messages import LIVE, STALE, FeedStatus, TestQuote
from market.core.quote import Quote
from market.core.staleness import NEVER, Judgement, Lateness, Sight, Staleness
from market.core.tick import Tick
from market.exchanges import EXCHANGES
from market.exchanges.base import Subscription
from market.exchanges.recorder import Recorder, RecordTo
from market.exchanges.rest import Rest
from market.exchanges.stream import Stream, StreamState
from market.feed_hops import FeedHops
from market.feed_options import REPLAY, TEST, FeedOptions, options_from_settings
from market.flush import Flusher
from market.journal import Journal
from market.judge import DEAD, Judge
from market.listings import Listings
from market.publish import Publisher
from market.watchlist import Watched, Watchlist

logger = logging.getLogger(__name__)


class Feed:
    """`run()` it as one task; cancel it to stop. A crash of any of its parts ends it with that exception.

    Its batches depend on what `watch` and `hear` are given and on its clocks (seconds), and on nothing else: `rerun`.
    """

    def __init__(
        self,
        options: FeedOptions,
        *,
        epoch: str = "",
        publisher: Publisher | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        pace = options.pace
        self.options = options
        self._clock, self._wall = clock, wall
        self.judgement = Judgement(STALE, "the feed is starting")
        self._watchlist = Watchlist()
        self._watched: dict[str, Watched] | None = None  # by symbol; None until the list was read
        self._heard: set[str] = set()
        self._last_tick, self._absurd, self._connected = NEVER, 0, False
        self._silent: frozenset[str] = frozenset()
        self._heartbeat_due = asyncio.Event()
        self._merger = Merger(options.exchange, options.source)
        # A recording has no clock that ours could be compared with.
        self._lateness = None if options.source == REPLAY else Lateness(wall() - clock())
        self._staleness = Staleness(clock(), pace.limits)
        self._publisher = publisher or Publisher()
        self._listen_and_load(Rest(options.exchange, options.rest_url, pace=pace.stream))
        self._tell_and_keep(epoch or new_epoch(int(wall() * 1000), random.randrange(36 * 36)))

    def _tell_and_keep(self, epoch: str) -> None:
        options, pace = self.options, self.options.pace
        self.flusher = self._flusher = Flusher(
            self._publisher,
            epoch=epoch,
            pace=pace.flush,
            clock=self._clock,
            wall=self._wall,
            on_flush=lambda quotes: self._journal.note_quotes(quotes),
            stamp=self.hops.stamp,
            on_stamped=self.hops.published,
        )
        self._journal = Journal(self._publisher, everything=self._flusher.everything, pace=pace.journal)
        self._alerts = Judge(
            options.exchange, options.source, self._publisher, on_stored=self.hops.stored, pace=pace.judge
        )
        self._control = ControlReader(on_resync=self._flusher.resync, on_test=self._on_test, pace=pace.control)
        self._candles.epoch = epoch

    def _listen_and_load(self, rest: Rest) -> None:
        options, pace, clock = self.options, self.options.pace, self._clock
        self.hops = FeedHops(
            None if options.source == REPLAY else rest,
            counts=lambda: self.counters,
            levels=lambda: self.levels,
            lateness=self._lateness,
            pace=pace.hops,
            clock=clock,
            wall=self._wall,
        )
        self._candles = Candles(
            options,
            self._publisher,
            rest=rest,
            is_plausible=lambda ms: self._lateness is None or self._lateness.is_plausible(ms, clock()),
            is_halted=lambda symbol: symbol in self._listings.halted,
        )
        self._recorder = Recorder(options.record, name=options.exchange) if options.record else None
        self._stream = Stream(
            EXCHANGES[options.exchange],
            base_url=options.stream_url,
            mode=options.mode,
            on_tick=self._on_tick,
            on_state=self._on_state,
            on_candle=self._candles.take,
            pace=pace.stream,
            clock=clock,
            recorder=self._recorder,
        )
        self._listings = Listings(
            rest,
            options.exchange,
            on_tick=self._on_first_price,
            on_change=self._heartbeat_due.set,
            pace=pace.listings,
        )

    async def run(self) -> None:
        """Feed until cancelled."""
        async with self._recorder or contextlib.nullcontext(), asyncio.TaskGroup() as tasks:
            for name, work in (
                ("stream", self._stream.run()),
                ("flusher", self._flusher.run()),
                ("heartbeat", self._beat()),
                ("control", self._control.run()),
                ("watchlist", self._follow_watchlist()),
                ("listings", self._listings.run()),
                ("journal", self._journal.run()),
                ("alerts", self._alerts.run()),
                ("candles", self._candles.run()),
                ("hops", self.hops.run()),
            ):
                tasks.create_task(work, name=f"feed {name}")

    async def _follow_watchlist(self) -> None:
        """Prices begin with it: the rules that judge them come first."""
        await self._alerts.ready()
        await self._watchlist.follow(self.watch, every=self.options.pace.watchlist)

    @property
    def counters(self) -> dict[str, int]:
        """Since the start: frames received, bad ones, ticks older than what is held, quotes merged and published."""
        return {
            "received": self._stream.received,
            "bad": self._stream.bad + self._absurd,
            "older": self._merger.older,
            "merged": self._flusher.merged,
            "published": self._flusher.published,
            "reconnects": self._stream.reconnects,
            "unrecorded": 0 if self._recorder is None else self._recorder.lost,
        }

    @property
    def levels(self) -> dict[str, int]:
        """As of now: watched symbols and those without prices, decisions that are no rows yet."""
        return {
            "symbols": len(self._watched or ()),
            "halted": len(self._listings.halted),
            "silent": len(self._silent),
            "decisions": self._alerts.waiting,
        }

    # What comes in. None of these waits.

    def hear(self, frame: str | bytes) -> None:
        """A frame of the exchange that came just now, by another way than the stream."""
        self._stream.hear(frame, self._clock())

    def _on_tick(self, tick: Tick) -> None:
        """The hot path: called for each message about a symbol."""
        now = self._last_tick = self._clock()
        if not self._watched or tick.symbol not in self._watched:
            return
        self._heard.add(tick.symbol)
        if tick.time_ms is not None and self._lateness is not None:
            if not self._lateness.note(tick.time_ms, now):
                self._absurd += 1
                return
            self.hops.received(tick.time_ms, now)
        self._candles.trade(tick)
        self._merge(tick, time_ms=tick.time_ms)

    def _on_first_price(self, tick: Tick) -> None:
        """A price that was asked for over HTTP. It may be old by now, which its exchange time tells."""
        if self.options.mode == "recorded":
            return  # a recording holds nothing like it: it would be made up, and newer than all that is played
        if not self._watched or tick.symbol not in self._watched or tick.time_ms is None:
            return
        if self._lateness is not None and not self._lateness.is_plausible(tick.time_ms, self._clock()):
            self._absurd += 1
            return
        # While the stream is dead no alert comes of what was asked for: that the feed is dead is the alert.
        self._merge(tick, judged=self.judgement.feed not in DEAD)

    def _merge(self, tick: Tick, *, judged: bool = True, time_ms: int | None = None) -> None:
        quote = self._merger.apply(tick)
        if quote is not None:
            self._flusher.offer(quote, time_ms)
            if judged:
                self._alerts.see(quote)

    def _on_state(self, state: StreamState) -> None:
        if self._connected and not state.connected and self._lateness is not None:
            self._lateness.forget()
        self._candles.note_connected(state.connected)
        self._connected = state.connected
        if state.silent - self._silent:
            self._listings.ask()  # halted, delisted or renamed: the exchange knows
        if state.silent != self._silent or self._judge().feed != self.judgement.feed:
            self._silent = state.silent
            self._heartbeat_due.set()

    def watch(self, symbols: Iterable[Watched]) -> None:
        """Staff changed the list."""
        before = self._watched or {}
        self._watched = {row.symbol: row for row in symbols if row.exchange == self.options.exchange}
        if self._watched.keys() != before.keys():
            logger.info("watching %d symbols: %s", len(self._watched), ", ".join(self._watched))
        for symbol, row in before.items():
            kept = self._watched.get(symbol)
            if kept is None:
                self._merger.drop(symbol)
                self._flusher.drop(row.exchange, symbol)
            elif row.every_trade and not kept.every_trade:
                self._merger.release_book(symbol)
        self._candles.want(self._watched)
        rows, minutes = self._watched.values(), self._candles.kept
        self._stream.want(Subscription(row.symbol, row.every_trade, minutes) for row in rows)
        self._listings.want(rows)
        self._heartbeat_due.set()

    def _on_test(self, test: TestQuote) -> None:
        """Raises ValueError or ArithmeticError for what is no price."""
        numbers = {"price": Decimal(test.price)}
        if test.change_24h is not None:
            numbers["change_24h"] = Decimal(test.change_24h)
        venue = test.exchange or self.options.exchange
        self._flusher.test(Quote(venue, test.symbol, TEST, int(self._wall() * 1000), numbers))

    # What is said of the feed itself.

    async def _beat(self) -> None:
        """A heartbeat every so often, and at once when the feed's state changed."""
        while True:
            self._heartbeat_due.clear()
            self._journal.note_seen((self.options.exchange, symbol) for symbol in self._heard)
            self._heard.clear()
            before, self.judgement = self.judgement, self._judge()
            self._alerts.note_feed(self.judgement.feed, self.judgement.reason)
            if self.judgement.feed not in DEAD:
                self._journal.note_alive(self.options.exchange)
            status = self._status()
            if self.judgement.feed != before.feed:
                self._journal.note_status(status)
                level = logging.INFO if self.judgement.feed == LIVE else logging.WARNING
                reason = f": {self.judgement.reason}" if self.judgement.reason else ""
                logger.log(level, "prices are %s%s", self.judgement.feed, reason)
            await self._publisher.status(status)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.options.pace.heartbeat):
                    await self._heartbeat_due.wait()

    def _judge(self) -> Judgement:
        state, now = self._stream.state, self._clock()
        if self._watched is not None and not self._watched:
            self._staleness = Staleness(now, self.options.pace.limits)  # without a connection, and rightly so
            return Judgement(LIVE, "no symbol is watched")
        late_by = 0.0 if self._lateness is None else self._lateness.late_by(now)
        reason = "the alert rules are being read" if self._watched is None and not self._alerts.loaded else state.reason
        return self._staleness.judge(Sight(state.connected, self._last_tick, late_by, state.barred, reason), now)

    def _status(self) -> FeedStatus:
        halted = self._listings.halted
        return FeedStatus(
            self._flusher.epoch,
            self._flusher.seq,
            self.judgement.feed,
            self.options.source,
            self.judgement.reason,
            tuple(sorted(halted)),
            tuple(sorted(self._silent - halted)),
            self.counters,
        )


def feed_from_settings(
    *, stream_url: str = "", rest_url: str = "", source: str = "", mode: str = "", record: RecordTo | None = None
) -> Feed:
    """The feed that the environment describes; what is given here counts instead."""
    return Feed(
        options_from_settings(stream_url=stream_url, rest_url=rest_url, source=source, mode=mode, record=record)
    )
