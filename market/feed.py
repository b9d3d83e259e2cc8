"""The feed: listens to one exchange and publishes its newest prices. One asyncio loop, no thread on the price path."""

import asyncio
import contextlib
import logging
import random
import time
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from market.control import ControlPace, ControlReader
from market.core.cursor import new_epoch
from market.core.merge import Merger
from market.core.messages import FEED_HEARTBEAT, LIVE, STALE, FeedStatus, TestQuote
from market.core.quote import SOURCES, Quote
from market.core.staleness import NEVER, Judgement, Lateness, Limits, Sight, Staleness
from market.core.tick import Tick
from market.exchanges import EXCHANGES
from market.exchanges.base import Subscription
from market.exchanges.rest import Rest
from market.exchanges.stream import PACE, Pace, Stream, StreamState
from market.flush import Flusher, FlushPace
from market.journal import Journal, JournalPace
from market.judge import DEAD, Judge, JudgePace
from market.listings import Listings, ListingsPace
from market.publish import Publisher
from market.watchlist import Watched, Watchlist

logger = logging.getLogger(__name__)

BINANCE, SIMULATOR, REPLAY, TEST = SOURCES
BINANCE_DOMAINS = ("binance.com", "binance.vision")


@dataclass(frozen=True, slots=True)
class FeedPace:
    """Every delay of the feed, so that a test can be quick. `heartbeat` and `watchlist` are in seconds."""

    heartbeat: float = FEED_HEARTBEAT
    watchlist: float = 1.0
    stream: Pace = PACE
    flush: FlushPace = FlushPace()
    control: ControlPace = ControlPace()
    journal: JournalPace = JournalPace()
    listings: ListingsPace = ListingsPace()
    limits: Limits = Limits()
    judge: JudgePace = JudgePace()


@dataclass(frozen=True, slots=True)
class FeedOptions:
    """Where prices come from. `mode` is one of exchanges.base.MODES, `source` what clients are told."""

    stream_url: str
    rest_url: str
    source: str
    exchange: str = "binance"
    mode: str = "tickers"
    pace: FeedPace = field(default_factory=FeedPace)


class Feed:
    """`run()` it as one task; cancel it to stop. A crash of any of its parts ends it with that exception."""

    def __init__(self, options: FeedOptions) -> None:
        pace = options.pace
        self.options = options
        self.judgement = Judgement(STALE, "the feed is starting")
        self._watchlist = Watchlist()
        self._watched: dict[str, Watched] | None = None  # by symbol; None until the list was read
        self._heard: set[str] = set()
        self._last_tick = NEVER
        self._absurd, self._connected = 0, False
        self._silent: frozenset[str] = frozenset()
        self._heartbeat_due = asyncio.Event()
        self._merger = Merger(options.exchange, options.source)
        # A recording has no clock that ours could be compared with.
        self._lateness = None if options.source == REPLAY else Lateness(time.time() - time.monotonic())
        self._staleness = Staleness(time.monotonic(), pace.limits)
        self._publisher = Publisher()
        self._flusher = Flusher(
            self._publisher,
            epoch=new_epoch(time.time_ns() // 1_000_000, random.randrange(36 * 36)),
            pace=pace.flush,
            on_flush=lambda quotes: self._journal.note_quotes(quotes),
        )
        self._journal = Journal(self._publisher, everything=self._flusher.everything, pace=pace.journal)
        self._alerts = Judge(options.exchange, options.source, self._publisher, pace=pace.judge)
        self._control = ControlReader(on_resync=self._flusher.resync, on_test=self._on_test, pace=pace.control)
        self._stream = Stream(
            EXCHANGES[options.exchange],
            base_url=options.stream_url,
            mode=options.mode,
            on_tick=self._on_tick,
            on_state=self._on_state,
            pace=pace.stream,
        )
        self._listings = Listings(
            Rest(options.exchange, options.rest_url),
            options.exchange,
            on_tick=self._on_first_price,
            on_change=self._heartbeat_due.set,
            pace=pace.listings,
        )

    async def run(self) -> None:
        """Feed until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for name, work in (
                ("stream", self._stream.run()),
                ("flusher", self._flusher.run()),
                ("heartbeat", self._beat()),
                ("control", self._control.run()),
                ("watchlist", self._follow_watchlist()),
                ("listings", self._listings.run()),
                ("journal", self._journal.run()),
                ("alerts", self._alerts.run()),
            ):
                tasks.create_task(work, name=f"feed {name}")

    async def _follow_watchlist(self) -> None:
        """Prices begin with it: the rules that judge them come first."""
        await self._alerts.ready()
        await self._watchlist.follow(self._on_watchlist, every=self.options.pace.watchlist)

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
        }

    # What comes in. None of these waits.

    def _on_tick(self, tick: Tick) -> None:
        """The hot path: called for each message about a symbol."""
        now = self._last_tick = time.monotonic()
        if not self._watched or tick.symbol not in self._watched:
            return
        self._heard.add(tick.symbol)
        if tick.time_ms is not None and self._lateness is not None and not self._lateness.note(tick.time_ms, now):
            self._absurd += 1
            return
        self._merge(tick)

    def _on_first_price(self, tick: Tick) -> None:
        """A price that was asked for over HTTP. It may be old by now, which its exchange time tells."""
        if self.options.mode == "recorded":
            return  # a recording holds nothing like it: it would be made up, and newer than all that is played
        if not self._watched or tick.symbol not in self._watched or tick.time_ms is None:
            return
        if self._lateness is not None and not self._lateness.is_plausible(tick.time_ms, time.monotonic()):
            self._absurd += 1
            return
        # While the stream is dead no alert comes of what was asked for: that the feed is dead is the alert.
        self._merge(tick, judged=self.judgement.feed not in DEAD)

    def _merge(self, tick: Tick, *, judged: bool = True) -> None:
        quote = self._merger.apply(tick)
        if quote is not None:
            self._flusher.offer(quote)
            if judged:
                self._alerts.see(quote)

    def _on_state(self, state: StreamState) -> None:
        if self._connected and not state.connected and self._lateness is not None:
            self._lateness.forget()
        self._connected = state.connected
        if state.silent - self._silent:
            self._listings.ask()  # halted, delisted or renamed: the exchange knows
        if state.silent != self._silent or self._judge().feed != self.judgement.feed:
            self._silent = state.silent
            self._heartbeat_due.set()

    def _on_watchlist(self, symbols: tuple[Watched, ...]) -> None:
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
        self._stream.want(Subscription(row.symbol, row.every_trade) for row in self._watched.values())
        self._listings.want(self._watched.values())
        self._heartbeat_due.set()

    def _on_test(self, test: TestQuote) -> None:
        """Raises ValueError or ArithmeticError for what is no price."""
        numbers = {"price": Decimal(test.price)}
        if test.change_24h is not None:
            numbers["change_24h"] = Decimal(test.change_24h)
        exchange = test.exchange or self.options.exchange
        self._flusher.test(Quote(exchange, test.symbol, TEST, time.time_ns() // 1_000_000, numbers))

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
        state, now = self._stream.state, time.monotonic()
        if self._watched is not None and not self._watched:
            self._staleness = Staleness(now, self.options.pace.limits)  # without a connection, and rightly so
            return Judgement(LIVE, "no symbol is watched")
        late_by = 0.0 if self._lateness is None else self._lateness.late_by(now)
        waits = self._watched is None and not self._alerts.loaded
        reason = "the alert rules are being read" if waits else state.reason
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


def source_of(stream_url: str, source: str = "") -> str:
    """Where prices come from, as clients are told: `binance` only when the host is Binance's own.

    `source` overrides what is seen from the address. Raises ImproperlyConfigured when it claims what is not so.
    """
    host = urlsplit(stream_url).hostname or ""
    genuine = any(host == domain or host.endswith(f".{domain}") for domain in BINANCE_DOMAINS)
    if source == TEST or (source == BINANCE and not genuine):
        raise ImproperlyConfigured(f"prices of {host} cannot be shown as {source}")
    return source or (BINANCE if genuine else SIMULATOR)


def feed_from_settings(*, stream_url: str = "", rest_url: str = "", source: str = "", mode: str = "") -> Feed:
    """The feed that the environment describes; what is given here counts instead."""
    stream_url = stream_url or settings.BINANCE_STREAM_URL
    options = FeedOptions(
        stream_url=stream_url,
        rest_url=rest_url or settings.BINANCE_REST_URL,
        source=source_of(stream_url, source or settings.PRICE_SOURCE),
        mode=mode or settings.FEED_STREAMS,
        pace=FeedPace(flush=FlushPace(window=settings.CONFLATION_MS / 1000)),
    )
    return Feed(options)
