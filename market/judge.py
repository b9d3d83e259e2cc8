"""Judges every quote by the rules of its symbol, not only those that leave: in the feed's loop, without a query."""

import asyncio
import contextlib
import gc
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

from django.utils import timezone

from market import durable
from market.alerting import FeedNews, close_digests, write_feed
from market.core.engine import Engine, WindowKey
from market.core.messages import DOWN, STALE
from market.core.quote import Quote
from market.core.rule import Decision, RuleKey, RuleState
from market.core.storm import Storm, Storms
from market.core.window import Window
from market.core.wire import number_text
from market.decisions import DecisionPace, Decisions
from market.finding import Finding
from market.price_windows import write_windows
from market.publish import Publisher
from market.rulebook import Change, Entry, Rulebook

logger = logging.getLogger(__name__)

# Prices leave before they are judged: seconds in which those that came together are on their way.
BEHIND_PRICES = 0.002
TICKS_KEPT = 20  # of a symbol, for the timeline of an alert
DEAD = (STALE, DOWN)
# Of rules of moves: so many windows are written at a time, each once in a twentieth of its length but not more often
# than every five seconds nor less than every minute, and only where prices came. What came since the last time is all
# that a crash takes from them.
WINDOWS_AT_ONCE, OFTENEST, SELDOMEST = 10, 5.0, 60.0
# So many rules at once are put out of the garbage collector's sight, which would halt prices to look through them: for
# half a second where there are 100,000.
MANY = 1_000


@dataclass(frozen=True, slots=True)
class JudgePace:
    """Seconds. `dead` is how long the feed may be dead before that is an alert. At the start prices wait for the rules:
    `ready` where the database does not tell them, `longest` while it does. `storm` is from when on alerts are put
    together.
    """

    rules: float = 1.0
    dead: float = 5.0
    digests: float = 1.0
    windows: float = 0.25
    ready: float = 5.0
    longest: float = 120.0
    decisions: DecisionPace = DecisionPace()
    storm: Storm = Storm()


@dataclass(slots=True)
class _Held:
    """What is known of a symbol that has rules."""

    quote: Quote | None = None
    ticks: deque[Quote] = field(default_factory=lambda: deque(maxlen=TICKS_KEPT))


class Judge:
    """`see` is called with every merged quote, never with a test's; `note_feed` with each heartbeat."""

    def __init__(
        self,
        exchange: str,
        source: str,
        publisher: Publisher,
        *,
        on_stored: Callable[[Iterable[datetime]], None] = lambda decided: None,
        pace: JudgePace | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._exchange = exchange
        self._source = source
        self._pace = pace or JudgePace()
        self._clock = clock
        self._engine = Engine()
        self._rulebook = Rulebook(exchange)
        self._decisions = Decisions(publisher, on_lost=self._on_lost, on_stored=on_stored, pace=self._pace.decisions)
        self._storms = Storms(self._pace.storm)
        self._unjudged: list[Quote] = []
        self._seen = asyncio.Event()
        self._held: dict[str, _Held] = {}
        self._entries: dict[RuleKey, Entry] = {}
        self._windows: dict[WindowKey, Window] = {}
        self._symbol_ids: dict[tuple[str, str], int] = {}  # by exchange and name
        self._snoozed: dict[RuleKey, datetime] = {}
        self._corrected: set[RuleKey] = set()  # their state was set by us: nothing was missed
        self._loaded = asyncio.Event()
        self._dead_since: float | None = None
        self._dead_ms = 0
        self._told_dead = True  # by an earlier process, perhaps: the first sign of life ends that

    @property
    def waiting(self) -> int:
        """Decisions that are not yet rows."""
        return self._decisions.waiting

    @property
    def unjudged(self) -> int:
        """Quotes that were seen and are judged in a moment."""
        return len(self._unjudged)

    @property
    def loaded(self) -> bool:
        """Whether the rules are known."""
        return self._loaded.is_set()

    async def ready(self) -> None:
        """Until the rules are known, so that no tick of the start passes unjudged. Not for ever, and never silently.

        Very many take a while to be read. Where the database refuses, prices do not wait for it.
        """
        began = self._clock()
        while not self._loaded.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pace.ready):
                    await self._loaded.wait()
                    return
            waited = self._clock() - began
            if self._rulebook.refused or waited >= self._pace.longest:
                logger.error("prices begin without alert rules, which cannot be read: what crosses meanwhile is late")
                return
            logger.warning("prices wait for the alert rules, which are being read for %.0f s", waited)

    async def run(self) -> None:
        """Follow the rules and write what is decided, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._rulebook.follow(self.take, every=self._pace.rules), name="alert rules")
            tasks.create_task(self._judge_behind_prices(), name="judge")
            tasks.create_task(self._decisions.run(), name="decisions")
            tasks.create_task(self._close_digests(), name="digests")
            tasks.create_task(self._keep_windows(), name="windows")

    def see(self, quote: Quote) -> None:
        """The hot path. A symbol without rules costs one look into a dict."""
        if quote.symbol in self._held:
            self._unjudged.append(quote)
            self._seen.set()

    async def _judge_behind_prices(self) -> None:
        while True:
            await self._seen.wait()
            await asyncio.sleep(BEHIND_PRICES)
            self._judge_seen()

    def _judge_seen(self) -> None:
        """All that was seen, in its order. Before anything changes by which it is judged."""
        self._seen.clear()
        quotes, self._unjudged = self._unjudged, []
        for quote in quotes:
            self._judge(quote, self._held[quote.symbol])

    def _judge(self, quote: Quote, held: _Held) -> None:
        previous, held.quote = held.quote, quote
        if previous is None or previous.price != quote.price:
            held.ticks.append(quote)
        decisions = self._engine.judge(quote, previous)
        if decisions:
            self._decisions.note(tuple(self._finding(decision, quote, held) for decision in decisions))

    def take(self, change: Change) -> None:
        """Rules came, went or were edited."""
        self._judge_seen()
        self._snoozed = dict(change.snoozed)
        if not change.is_empty:
            for key in change.removed:
                del self._entries[key]
            self._entries.update((entry.key, entry) for entry in change.entries)
            self._engine.drop(change.removed)
            self._engine.load((entry.rule, change.states.get(entry.key)) for entry in change.entries)
            self._engine.restore(change.windows)
            symbols = {symbol for _, _, symbol in self._entries}
            self._held = {symbol: self._held.get(symbol) or _Held() for symbol in symbols}
            self._windows = dict(self._engine.windows())
            self._symbol_ids = {entry.key[1:]: entry.watched_id for entry in self._entries.values()}
            if len(change.entries) >= MANY:
                gc.freeze()
        self._loaded.set()

    def note_feed(self, feed: str, reason: str) -> None:
        """The feed's state as it is now. While it is dead nothing is judged, and nothing is resolved."""
        self._judge_seen()
        now = self._clock()
        if feed not in DEAD:
            self._dead_since = None
            if self._told_dead and self._entries:
                self._told_dead = False
                self._tell("")
            return
        if self._dead_since is None:
            self._dead_since, self._dead_ms = now, time.time_ns() // 1_000_000
            self._engine.interrupt()
            self._corrected.clear()
        if now - self._dead_since >= self._pace.dead and not self._told_dead and self._entries:
            self._told_dead = True
            self._tell(reason or "the feed does not say why")

    def _tell(self, reason: str) -> None:
        news = FeedNews(self._exchange, reason, self._dead_ms, self._source)
        self._decisions.order(partial(write_feed, news, store=durable.store))

    def _finding(self, decision: Decision, quote: Quote, held: _Held) -> Finding:
        entry = self._entries[decision.rule.key]
        if decision.rule.key in self._corrected:
            self._corrected.discard(decision.rule.key)
            decision = replace(decision, late=False)
        if not decision.fires:
            return Finding(decision, entry.watched_id)
        withheld = self._withheld(entry, decision)
        finding = Finding(
            self._unfired(decision) if withheld else decision,
            entry.watched_id,
            words=entry.row.words,
            severity=entry.row.severity,
            audience=entry.row.audience,
            owner_id=entry.row.owner_id,
            note=entry.row.note,
            source=quote.source,
            ticks=tuple((each.time_ms, number_text(each.price)) for each in held.ticks),
            withheld=withheld,
        )
        return finding if withheld else replace(finding, digest=self._digest(entry, finding))

    def _withheld(self, entry: Entry, decision: Decision) -> str:
        moment, now = datetime.fromtimestamp(decision.time_ms / 1000, UTC), timezone.now()
        snoozed = self._snoozed.get(decision.rule.key)
        return "snoozed" if snoozed is not None and now < snoozed else entry.withheld(moment, now)

    def _unfired(self, decision: Decision) -> Decision:
        """It crossed and nobody hears of it: that neither uses up the one time nor begins an interval."""
        after = replace(decision.after, fires=decision.before.fires, fired_ms=decision.before.fired_ms)
        self._engine.reset(decision.rule.key, after)
        self._corrected.add(decision.rule.key)
        return replace(decision, after=after)

    def _digest(self, entry: Entry, finding: Finding) -> str | None:
        kind = (entry.row.condition, entry.row.audience, entry.row.owner_id)
        return self._storms.place(kind, entry.rule.symbol, finding.name, self._clock())

    def _on_lost(self, finding: Finding, state: RuleState | None) -> None:
        """Another feed was faster, or the rule is no more. What is persisted counts."""
        entry = self._entries.get(finding.decision.rule.key)
        if entry is None or state is None or state in (finding.decision.after, self._engine.state(entry.key)):
            return
        if state.version == entry.rule.version == finding.decision.rule.version:
            self._engine.reset(entry.key, state)

    async def _close_digests(self) -> None:
        """Those of an earlier process first, then each when its time is over."""
        self._decisions.order(partial(close_digests, None, store=durable.store))
        while True:
            await asyncio.sleep(self._pace.digests)
            if names := self._storms.ended(self._clock()):
                self._decisions.order(partial(close_digests, names, store=durable.store))

    async def _keep_windows(self) -> None:
        """A few at a time, the longest first, in their turn: all that was decided by what is in them is written."""
        kept_at: dict[WindowKey, float] = {}
        while True:
            await asyncio.sleep(self._pace.windows)
            now = self._clock()
            changed = [key for key, window in self._windows.items() if not window.is_kept]
            due = [key for key in changed if now - kept_at.get(key, float("-inf")) >= keep_every(key[2])]
            if due and self._decisions.queued < WINDOWS_AT_ONCE:  # else the database is behind as it is
                some = sorted(due, key=lambda key: -key[2])[:WINDOWS_AT_ONCE]
                kept_at.update(dict.fromkeys(some, now))
                self._write_windows(some)

    def _write_windows(self, keys: Iterable[WindowKey]) -> None:
        rows = [
            ((self._symbol_ids[key[:2]], key[2]), kept)
            for key in keys
            if (kept := self._windows[key].keep()) is not None
        ]
        if rows:
            self._decisions.order(partial(write_windows, rows))


def keep_every(window_ms: int) -> float:
    """Seconds between two times that a window of this length is written."""
    return min(max(window_ms / 20_000, OFTENEST), SELDOMEST)
