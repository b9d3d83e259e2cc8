"""The rules as one process knows them: polled, so that an edit made anywhere counts within two seconds."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db import Error as DatabaseError
from django.utils import timezone

from market.core.engine import WindowKey
from market.core.rule import Condition, Rule, RuleKey, RuleState
from market.core.window import Kept
from market.models import Alert, AlertRule, WatchedSymbol
from market.own_threads import OwnThread
from market.price_windows import read_windows
from market.rule_print import RulePrint, rule_print
from market.rule_states import states_of
from market.symbol_print import SymbolPrint, symbol_print

logger = logging.getLogger(__name__)

LOG_EVERY = 60.0  # seconds between two lines about a database that does not answer

Fingerprint = tuple[RulePrint, SymbolPrint]

# One thread and one connection of our own, as the watchlist has.
_in_reader = OwnThread("rulebook")


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule of one symbol, with what an alert says beside it. `row` is as it was read: nothing of it is written."""

    rule: Rule
    watched_id: int
    tick_size: Decimal | None
    row: AlertRule

    @property
    def key(self) -> RuleKey:
        return self.rule.key

    def is_of(self, row: AlertRule, symbol: WatchedSymbol) -> bool:
        """Whether nothing was read anew that it is made of."""
        return self.row is row and self.watched_id == symbol.pk and self.tick_size == symbol.tick_size

    def withheld(self, moment: datetime, now: datetime) -> str:
        """Why the rule raises no alert although it is judged; empty when it does.

        Active hours are those of `moment`, the tick's; what people set an end to ends `now`, also in a replay.
        """
        if self.row.expired_at(now):
            return "expired"
        if self.row.paused_at(now):
            return "paused"
        return "" if self.row.active_at(moment) else "outside its active hours"


@dataclass(frozen=True, slots=True)
class Change:
    """What is different since the last look. `states` has those that are persisted, of the version that counts."""

    entries: tuple[Entry, ...]
    states: Mapping[RuleKey, RuleState]
    removed: tuple[RuleKey, ...]
    snoozed: Mapping[RuleKey, datetime]
    windows: Mapping[WindowKey, Kept] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not self.entries and not self.removed


class Rulebook:
    """The enabled rules on the enabled symbols of one exchange; those paused or expired are left out."""

    def __init__(self, exchange: str, *, clock: Callable[[], datetime] = timezone.now) -> None:
        self._exchange = exchange
        self._clock = clock
        self._fingerprint: Fingerprint | None = None
        self._rows: dict[int, AlertRule] = {}
        self._timed: tuple[AlertRule, ...] = ()  # those that time alone puts in or out: to ask all holds up prices
        self._symbols: dict[int, WatchedSymbol] = {}
        self._entries: dict[RuleKey, Entry] = {}
        self.refused = False  # the last look got no answer
        self._out: frozenset[int] = frozenset()  # rules that are paused or expired now

    async def refresh(self) -> Change:
        """Ask the database. Raises django.db.Error and keeps what it knew: the next look finds the same change."""
        return await _in_reader(self._read)

    async def follow(self, on_change: Callable[[Change], None], *, every: float = 1.0) -> None:
        """Refresh for ever; call `on_change` with each answer, the first included.

        A database that does not answer is logged at most once a minute; the last rules stay.
        """
        logged_at = float("-inf")
        while True:
            try:
                on_change(await self.refresh())
                self.refused = False
            except DatabaseError as error:
                self.refused = True
                if time.monotonic() - logged_at >= LOG_EVERY:
                    logged_at = time.monotonic()
                    logger.warning("the alert rules cannot be read: %s", str(error).strip())
            await asyncio.sleep(every)

    # In the reader's thread.

    def _read(self) -> Change:
        # In this order a change between the questions is read once more, never lost.
        fingerprint = (rule_print(self._fingerprint[0] if self._fingerprint else None), symbol_print())
        change = self._changed(fingerprint, _snoozed(self._exchange, self._clock()))
        self._fingerprint = fingerprint
        return change

    def _changed(self, fingerprint: Fingerprint, snoozed: Mapping[RuleKey, datetime]) -> Change:
        before, now = self._fingerprint, self._clock()
        if before is None or fingerprint[1] != before[1]:
            self._symbols = {row.pk: row for row in WatchedSymbol.objects.filter(exchange=self._exchange, enabled=True)}
        if before is None or fingerprint[0] != before[0]:
            self._rows = _rules(self._rows, before[0] if before else None, fingerprint[0])
            self._timed = tuple(row for row in self._rows.values() if row.paused_until or row.expires_at)
        out = frozenset(row.pk for row in self._timed if row.paused_at(now) or row.expired_at(now))
        if fingerprint == before and out == self._out:
            return Change((), {}, (), snoozed)
        entries = {entry.key: entry for entry in self._expand(out)}
        known = self._entries
        fresh = tuple(entry for key, entry in entries.items() if entry is not known.get(key))
        # What is judged already goes on from what is in memory, which may be newer than its row.
        new = [entry for entry in fresh if not self._judges(entry.rule)]
        change = Change(fresh, _states(new), tuple(known.keys() - entries.keys()), snoozed, _windows(new))
        self._entries, self._out = entries, out
        return change

    def _expand(self, out: frozenset[int]) -> Iterator[Entry]:
        for row in self._rows.values():
            if row.pk in out:
                continue
            for symbol in self._symbols_of(row):
                known = self._entries.get((row.pk, symbol.exchange, symbol.symbol))
                yield known if known is not None and known.is_of(row, symbol) else _entry(row, symbol)

    def _judges(self, rule: Rule) -> bool:
        known = self._entries.get(rule.key)
        return known is not None and known.rule.version == rule.version

    def _symbols_of(self, row: AlertRule) -> Iterable[WatchedSymbol]:
        if row.watched_id is None:
            return self._symbols.values()
        symbol = self._symbols.get(row.watched_id)
        return () if symbol is None else (symbol,)


def _entry(row: AlertRule, symbol: WatchedSymbol) -> Entry:
    return Entry(row.rule_for(symbol), symbol.pk, symbol.tick_size, row)


def _rules(known: Mapping[int, AlertRule], before: RulePrint | None, now: RulePrint) -> dict[int, AlertRule]:
    """The enabled rows. With very many of them an edit reads only what is new, unless that does not explain all."""
    if known and before is not None and (before.rows, before.ids) == (now.rows, now.ids):
        rows, newest = dict(known), max(row.updated_at for row in known.values())
        for row in AlertRule.objects.filter(updated_at__gt=newest).order_by("id"):
            rows.pop(row.pk, None)
            if row.enabled:
                rows[row.pk] = row
        if sum(rows) == (now.enabled or 0):
            return rows
    read = {row.pk: row for row in AlertRule.objects.filter(enabled=True).order_by("id")}
    same = {pk for pk, row in read.items() if pk in known and known[pk].updated_at == row.updated_at}
    return {pk: known[pk] if pk in same else row for pk, row in read.items()}


def _states(entries: Iterable[Entry]) -> dict[RuleKey, RuleState]:
    """The persisted states of these rules. Those of an earlier version count no more."""
    wanted = {(entry.rule.id, entry.watched_id): entry for entry in entries}
    ids = sorted({rule_id for rule_id, _ in wanted})
    states = {}
    for place, state in states_of(ids) if ids else ():
        entry = wanted.get(place)
        if entry is not None and entry.rule.version == state.version:
            states[entry.key] = state
    return states


def _windows(entries: Iterable[Entry]) -> dict[WindowKey, Kept]:
    """What rules of moves saw before a restart."""
    moves = [entry for entry in entries if entry.rule.condition is Condition.MOVED]
    keys = {
        (each.watched_id, each.rule.window_ms): (each.rule.exchange, each.rule.symbol, each.rule.window_ms)
        for each in moves
    }
    return {keys[place]: kept for place, kept in read_windows(keys)}


def _snoozed(exchange: str, now: datetime) -> dict[RuleKey, datetime]:
    """Until when somebody wants to hear no more of a rule on a symbol."""
    rows = Alert.objects.filter(exchange=exchange, snoozed_until__gt=now, rule__isnull=False).order_by("snoozed_until")
    names = ("rule_id", "symbol", "snoozed_until")
    return {(rule, exchange, symbol): until for rule, symbol, until in rows.values_list(*names)}
