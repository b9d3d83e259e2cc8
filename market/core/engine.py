"""All rules of all symbols: a quote goes in, what it changes comes out."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from operator import attrgetter

from market.core import crossing
from market.core.crossing import Moment
from market.core.quote import Quote
from market.core.rule import Condition, Decision, Phase, Rule, RuleKey, RuleState
from market.core.triggers import Slot, Triggers
from market.core.window import Kept, Window

WindowKey = tuple[str, str, int]  # exchange, symbol, length in ms

CHANGE = frozenset({Condition.CHANGE_ABOVE, Condition.CHANGE_BELOW})


class _Track:
    """Those rules of a symbol that watch the same value: its price, its change of 24 h, or how far it moved."""

    __slots__ = ("interrupted", "triggers", "value_of", "window")

    def __init__(self, rule: Rule) -> None:
        self.triggers = Triggers()
        self.interrupted = False  # nobody looked since the last tick
        self.window = Window(rule.window_ms) if rule.condition is Condition.MOVED else None
        self.value_of = _reader(rule) if self.window is None else self.window.note_quote

    def judge(self, value: Decimal, quote: Quote, previous: Quote | None) -> Iterator[Decision]:
        due = self.triggers.take(value, quote.time_ms)
        heard = [slot for slot in due if slot.persisted and crossing.was_judged(slot.state, quote)]
        if heard:
            due = [slot for slot in due if slot not in heard]
        for slot in due:
            decision = self._step(slot, value, quote, previous)
            if decision is not None:
                yield decision
        self.triggers.put_back(due, value)
        self.triggers.wait(heard)
        self.interrupted = False

    def _step(self, slot: Slot, value: Decimal, quote: Quote, previous: Quote | None) -> Decision | None:
        missed = slot.persisted or (self.interrupted and slot.state.phase is not Phase.UNKNOWN)
        slot.persisted = False
        before = slot.state
        made = crossing.step(slot.rule, before, Moment(value, quote.price, quote.time_ms, quote.trade_id))
        if made is None:
            return None
        slot.state = made.after
        return Decision(
            slot.rule,
            before,
            made.after,
            fires=made.fires,
            late=made.fires and missed,
            price=quote.price,
            previous=None if previous is None else previous.price,
            time_ms=quote.time_ms,
            why=made.why,
        )


def _reader(rule: Rule) -> Callable[[Quote], Decimal | None]:
    """What tells the watched value; None when the quote does not say it."""
    return attrgetter("change_24h") if rule.condition in CHANGE else attrgetter("price")


def _watched(rule: Rule) -> str:
    """Rules of a symbol with the same answer watch the same value."""
    if rule.condition is Condition.MOVED:
        return f"moved {rule.window_ms}"
    return "change" if rule.condition in CHANGE else "price"


class Engine:
    """Decides. It writes nothing: every decision changes a state, and who takes it has to persist that.

    Between two decisions of one rule only the last state matters; those that fire are alerts. Quotes of one symbol come
    in the order of their exchange time; many may have the same, and each counts.
    """

    def __init__(self) -> None:
        self._slots: dict[RuleKey, Slot] = {}
        self._boards: dict[tuple[str, str], dict[str, _Track]] = {}

    def __len__(self) -> int:
        """The number of rules, each symbol of a row counted."""
        return len(self._slots)

    def load(self, rules: Iterable[tuple[Rule, RuleState | None]], *, whole: bool = False) -> None:
        """Take new and changed rules; `whole`: and drop all others.

        What is known here is newer than what is persisted: a given state counts only for a rule that is new here or
        has another version, and only if it is of the rule's version. Without one the next tick sets the side.
        """
        given = set()
        for rule, state in rules:
            given.add(rule.key)
            self._load(rule, state)
        if whole:
            self.drop([key for key in self._slots if key not in given])
        self._forget_empty()

    def drop(self, keys: Iterable[RuleKey]) -> None:
        """Forget rules; those that are not known are passed over."""
        for key in keys:
            slot = self._slots.pop(key, None)
            if slot is not None:
                self._track(slot.rule).triggers.remove(slot)
        self._forget_empty()

    def reset(self, key: RuleKey, state: RuleState, *, missed: bool = True) -> None:
        """Go on from `state` instead of what is known here: somebody else persisted it, as after a restart.

        Not `missed`: it is the caller's own correction, and what the next tick fires is not late.
        """
        slot = self._slots.get(key)
        if slot is not None:
            corrected = Slot(slot.rule, _of_version(slot.rule, state))
            corrected.persisted = missed and corrected.persisted
            self._replace(slot.rule, corrected)

    def interrupt(self) -> None:
        """Ticks were missed: what the next one of each symbol fires is late."""
        for tracks in self._boards.values():
            for track in tracks.values():
                track.interrupted = True
                track.triggers.take_next()

    def judge(self, quote: Quote, previous: Quote | None) -> list[Decision]:
        """What this quote changes, by the rules' ids; `previous` is the quote before it. O(log rules + changes)."""
        tracks = self._boards.get((quote.exchange, quote.symbol))
        if tracks is None:
            return []
        decisions: list[Decision] = []
        for track in tracks.values():
            value, triggers = track.value_of(quote), track.triggers
            if value is None or (triggers.floor < value < triggers.ceiling and quote.time_ms < triggers.next_ms):
                continue
            decisions += track.judge(value, quote, previous)
        if len(decisions) > 1:
            decisions.sort(key=lambda decision: decision.rule.id)
        return decisions

    def state(self, key: RuleKey) -> RuleState | None:
        """Where a rule stands; None when it is not known."""
        slot = self._slots.get(key)
        return None if slot is None else slot.state

    def windows(self) -> Iterator[tuple[WindowKey, Window]]:
        """Those that rules of moves look at."""
        for (exchange, symbol), tracks in self._boards.items():
            for track in tracks.values():
                if track.window is not None:
                    yield (exchange, symbol, track.window.length_ms), track.window

    def restore(self, kept: Mapping[WindowKey, Kept]) -> None:
        """Windows as they were before a restart, for those that are empty."""
        for key, window in self.windows() if kept else ():
            if key in kept:
                window.restore(kept[key])

    def states(self) -> Iterator[tuple[Rule, RuleState]]:
        """Where every rule stands."""
        return ((slot.rule, slot.state) for slot in self._slots.values())

    def _load(self, rule: Rule, state: RuleState | None) -> None:
        known = self._slots.get(rule.key)
        if known is None or known.rule.version != rule.version:
            self._replace(rule, Slot(rule, _of_version(rule, state)))
        elif known.rule != rule:
            slot = Slot(rule, known.state)
            slot.persisted = known.persisted
            self._replace(rule, slot)

    def _replace(self, rule: Rule, slot: Slot) -> None:
        known = self._slots.get(rule.key)
        if known is not None:
            self._track(known.rule).triggers.remove(known)
        self._slots[rule.key] = slot
        self._track(rule).triggers.add(slot)

    def _track(self, rule: Rule) -> _Track:
        tracks = self._boards.setdefault((rule.exchange, rule.symbol), {})
        watched = _watched(rule)
        if watched not in tracks:
            tracks[watched] = _Track(rule)
        return tracks[watched]

    def _forget_empty(self) -> None:
        """A value that no rule watches is not followed, nor a symbol without rules."""
        for where, tracks in list(self._boards.items()):
            for watched in [name for name, track in tracks.items() if not len(track.triggers)]:
                del tracks[watched]
            if not tracks:
                del self._boards[where]


def _of_version(rule: Rule, state: RuleState | None) -> RuleState | None:
    return state if state is not None and state.version == rule.version else None
