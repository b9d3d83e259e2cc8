"""A rule played over minutes that are past, by the engine that judges ticks: how often would it have fired?

A minute tells its open, high, low and close, not in which order high and low came. Both orders are played, from every
state that the minutes before may have left, so that what is counted is the least and the most of all orders. Between
them a price may have trembled: it then fired more often than any candle shows.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from market.core import crossing
from market.core.candle import Candle
from market.core.engine import CHANGE, Engine
from market.core.interval import MINUTE_MS, Interval
from market.core.quote import Quote, percent_change
from market.core.rule import Condition, Decision, Frequency, Phase, Rule, RuleState

MOST_STATES = 12  # that are followed at once
PARTS = (0, MINUTE_MS // 3, 2 * MINUTE_MS // 3, MINUTE_MS - 1)  # when in its minute each price is said to have come
LOOK_EVERY = 64  # minutes between looks at the clock

Counts = Callable[[int], bool]  # whether a fire at this time (ms) is told: active hours


@dataclass(frozen=True, slots=True)
class FiredMinute:
    """A minute in which the rule fired, or may have: `least` and `most` over the orders that are possible there."""

    candle: Candle
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """`least` and `most` fires over all of the `minutes` played; `end_ms` is where the last one ended.

    `is_estimate`: where in a minute a price came decides, which no candle tells, so they are no bounds. `left` minutes
    were not played, as the time was over.
    """

    minutes: int
    end_ms: int
    least: int
    most: int
    fired: tuple[FiredMinute, ...]
    is_estimate: bool
    left: int = 0


@dataclass(frozen=True, slots=True)
class _Branch:
    """One way things may have gone: where the rule stands, and how often it fired on the way, at least and at most."""

    state: RuleState | None
    least: int = 0
    most: int = 0


def rehearse(
    rule: Rule,
    minutes: list[Candle],
    *,
    start_ms: int,
    counts: Counts = lambda time_ms: True,
    in_time: Callable[[], bool] = lambda: True,
) -> Rehearsal:
    """`minutes` oldest first; those before `start_ms` are only what changes and windows look back to."""
    opens = {each.open_ms: each.open for each in minutes} if rule.condition in CHANGE else {}
    player = _Windowed(rule, counts) if rule.condition is Condition.MOVED else _Branching(rule, counts, opens)
    played, fired, end_ms = 0, [], start_ms
    for number, minute in enumerate(minutes):
        if number % LOOK_EVERY == 0 and not in_time():
            break
        least, most = player.play(minute)
        if minute.open_ms < start_ms:
            player.forget()
            continue
        played, end_ms = played + 1, minute.open_ms + MINUTE_MS
        if most:
            fired.append(FiredMinute(minute, least, most))
    asked = sum(each.open_ms >= start_ms for each in minutes)
    least, most = player.total
    return Rehearsal(played, end_ms, least, most, tuple(fired), _is_estimate(rule) or player.pruned, asked - played)


def _is_estimate(rule: Rule) -> bool:
    timed = rule.hold_ms > 0 or rule.frequency is Frequency.INTERVAL
    return timed or rule.condition is Condition.MOVED or rule.condition in CHANGE


class _Branching:
    """Conditions that look at one value at a time: all states that are possible are followed."""

    def __init__(self, rule: Rule, counts: Counts, opens: Mapping[int, Decimal]) -> None:
        self.pruned = False
        self._rule = rule
        self._counts = counts
        self._opens = opens
        self._branches: dict[object, _Branch] = {None: _Branch(None)}

    @property
    def total(self) -> tuple[int, int]:
        branches = self._branches.values()
        return min(each.least for each in branches), max(each.most for each in branches)

    def forget(self) -> None:
        """What fired before the time that is asked for does not count."""
        self._branches = {key: _Branch(each.state) for key, each in self._branches.items()}

    def play(self, minute: Candle) -> tuple[int, int]:
        """The least and the most fires in it."""
        if not any(self._concerns(each.state, minute) for each in self._branches.values()):
            return 0, 0
        paths = list(_paths(self._rule, minute, self._reference(minute)))
        least, most, after = [], [], dict[object, _Branch]()
        for branch in self._branches.values():
            for path in paths:
                state, fires = play(self._rule, branch.state, path, self._counts)
                least.append(fires)
                most.append(fires)
                self._keep(after, _Branch(state, branch.least + fires, branch.most + fires))
        self._branches = self._pruned(after)
        return (min(least), max(most)) if least else (0, 0)

    def _keep(self, after: dict[object, _Branch], branch: _Branch) -> None:
        key = _alike(self._rule, branch.state)
        known = after.get(key)
        if known is not None:
            branch = _Branch(branch.state, min(known.least, branch.least), max(known.most, branch.most))
        after[key] = branch

    def _pruned(self, after: dict[object, _Branch]) -> dict[object, _Branch]:
        if len(after) <= MOST_STATES:
            return after or self._branches
        self.pruned = True
        by_count = sorted(after.items(), key=lambda item: (item[1].least, -item[1].most))
        return dict(by_count[: MOST_STATES // 2] + by_count[-MOST_STATES // 2 :])

    def _concerns(self, state: RuleState | None, minute: Candle) -> bool:
        """Whether anything can change: most minutes are far from a threshold."""
        if state is None or state.phase is Phase.UNKNOWN:
            return True
        deadline = crossing.deadline_ms(self._rule, state)
        if deadline is not None and deadline < minute.open_ms + MINUTE_MS:
            return True
        reference = self._reference(minute)
        low, high = _value(self._rule, minute.low, reference), _value(self._rule, minute.high, reference)
        if low is None or high is None:
            return False
        spans = crossing.awaited(self._rule, state)
        return any(not span.is_under(low) and not span.is_over(high) for span in spans)

    def _reference(self, minute: Candle) -> Decimal | None:
        """The price of 24 hours before."""
        return self._opens.get(minute.open_ms - Interval.D1.ms)


class _Windowed:
    """Moves within a window: what is compared depends on all prices of the window, so two orders are played through."""

    pruned = False

    def __init__(self, rule: Rule, counts: Counts) -> None:
        self._rule = rule
        self._counts = counts
        self._engines = (Engine(), Engine())
        for engine in self._engines:
            engine.load([(rule, None)])
        self._fires = [0, 0]

    @property
    def total(self) -> tuple[int, int]:
        return min(self._fires), max(self._fires)

    def forget(self) -> None:
        self._fires = [0, 0]

    def play(self, minute: Candle) -> tuple[int, int]:
        paths = _paths(self._rule, minute, None)
        fires = [
            _judge(engine, self._rule, path, self._counts) for engine, path in zip(self._engines, paths, strict=True)
        ]
        self._fires = [before + more for before, more in zip(self._fires, fires, strict=True)]
        return min(fires), max(fires)


def play(rule: Rule, state: RuleState | None, quotes: Iterable[Quote], counts: Counts) -> tuple[RuleState | None, int]:
    """Where the rule stands after these quotes, and how often it fired."""
    engine = Engine()
    engine.load([(rule, state)])
    fires = _judge(engine, rule, quotes, counts)
    return engine.state(rule.key), fires


def _judge(engine: Engine, rule: Rule, quotes: Iterable[Quote], counts: Counts) -> int:
    return sum(1 for quote in quotes for _ in judged(engine, rule, quote, counts))


def judged(engine: Engine, rule: Rule, quote: Quote, counts: Counts) -> Iterator[Decision]:
    """What fires at this quote and is told.

    What is withheld, as outside the active hours, neither uses up the one time nor begins an interval.
    """
    for decision in engine.judge(quote, None):
        if decision.fires and counts(decision.time_ms):
            yield decision
        elif decision.fires:
            before = decision.before
            after = replace(decision.after, fires=before.fires, fired_ms=before.fired_ms)
            engine.reset(rule.key, after, missed=False)


def _paths(rule: Rule, minute: Candle, reference: Decimal | None) -> Iterable[list[Quote]]:
    """The minute with its high first, and with its low first."""
    for middle in ((minute.high, minute.low), (minute.low, minute.high)):
        prices = (minute.open, *middle, minute.close)
        yield [_quote(rule, minute.open_ms + part, price, reference) for part, price in zip(PARTS, prices, strict=True)]


def _quote(rule: Rule, time_ms: int, price: Decimal, reference: Decimal | None) -> Quote:
    numbers = {"price": price}
    if reference is not None and (change := percent_change(price, reference)) is not None:
        numbers["change_24h"] = change
    return Quote(rule.exchange, rule.symbol, "replay", time_ms, numbers)


def _value(rule: Rule, price: Decimal, reference: Decimal | None) -> Decimal | None:
    if rule.condition not in CHANGE:
        return price
    return None if reference is None else percent_change(price, reference)


def _alike(rule: Rule, state: RuleState | None) -> object:
    """States with the same answer go on in the same way."""
    if state is None:
        return None
    spent = crossing.is_spent(rule, state)
    fired = state.fired_ms if rule.frequency is Frequency.INTERVAL else None
    since = state.since_ms if state.phase is Phase.PENDING else None
    away = rule.condition is Condition.CROSS and state.phase in (Phase.FIRING, Phase.RECOVERING)
    return (state.phase, state.holds, spent, fired, since, state.price if away else None)
