"""What rules must decide: every rule looks at every tick, and nothing is shared, sorted or remembered for speed.

Written from the words of issue 3 and market/core/crossing.py, not from their code: the engine has to agree with it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from market.core.quote import Quote
from market.core.rule import Condition, Decision, Frequency, Phase, Rule, RuleKey, RuleState
from market.core.window import part_ms

Tick = tuple[int, Decimal]
REST, PENDING, FIRING, RECOVERING = Phase.INACTIVE, Phase.PENDING, Phase.FIRING, Phase.RECOVERING


def within(ticks: list[Tick], window_ms: int) -> list[Tick]:
    """Those of the window that ends with the last; time is counted in the steps that Window documents."""
    now, part = ticks[-1][0], part_ms(window_ms)
    return [(at, price) for at, price in ticks if at // part >= (now - window_ms) // part]


def percent_moved(ticks: list[Tick]) -> Decimal:
    """From every price to the last: the longest way, in percent of where it began."""
    last = ticks[-1][1]
    return max(abs(last - price) * 100 / price for _, price in ticks)


def condition_holds(rule: Rule, value: Decimal) -> bool:
    """For CROSS: whether the value is on the upper side."""
    inside = rule.upper is not None and rule.threshold <= value <= rule.upper
    return {
        Condition.ABOVE: value >= rule.threshold,
        Condition.CHANGE_ABOVE: value >= rule.threshold,
        Condition.MOVED: value >= rule.threshold,
        Condition.CROSS: value >= rule.threshold,
        Condition.BELOW: value <= rule.threshold,
        Condition.CHANGE_BELOW: value <= rule.threshold,
        Condition.ENTERS: inside,
        Condition.LEAVES: not inside,
    }[rule.condition]


def is_back(rule: Rule, value: Decimal) -> bool:
    """Whether the value does not make the condition hold, and is the re-arm distance away from where it would."""
    if condition_holds(rule, value):
        return False
    low, high = rule.threshold, rule.threshold if rule.upper is None else rule.upper
    if rule.condition in (Condition.BELOW, Condition.CHANGE_BELOW):
        return value - low >= rule.rearm
    if rule.condition is Condition.ENTERS:
        return max(low - value, value - high) >= rule.rearm
    if rule.condition is Condition.LEAVES:
        return min(value - low, high - value) >= min(rule.rearm, (high - low) / 2)
    distance = min(rule.rearm, low / 2) if rule.condition is Condition.MOVED else rule.rearm
    return low - value >= distance


def after(rule: Rule, state: RuleState, value: Decimal, quote: Quote) -> RuleState:
    """The state after a tick; the same one when the tick changes nothing."""

    def become(phase: Phase, holds: bool) -> RuleState:
        fired, fires = state.fired_ms, state.fires
        price, at = quote.price, quote.time_ms
        return RuleState(state.version, phase, holds, at, fired, fires, price, at, quote.trade_id)

    def fire(holds: bool) -> RuleState:
        resting = rule.frequency is Frequency.INTERVAL and state.fired_ms is not None
        if resting and 0 <= quote.time_ms - (state.fired_ms or 0) < rule.interval_ms:
            return become(FIRING, holds)
        if rule.frequency is Frequency.ONCE and state.fires:
            return become(FIRING, holds)
        return replace(become(FIRING, holds), fired_ms=quote.time_ms, fires=state.fires + 1)

    def cross(holds: bool) -> RuleState:
        return become(PENDING, holds) if rule.hold_ms else fire(holds)

    on, either, phase = condition_holds(rule, value), rule.condition is Condition.CROSS, state.phase
    done = rule.frequency is Frequency.ONCE and state.fires > 0
    if phase is Phase.UNKNOWN:
        return cross(on) if on and rule.fire_if_holds and not either else become(REST, on)
    if phase is REST:
        if on == state.holds or done:
            return state
        return cross(on) if on or either else become(REST, False)
    if phase is PENDING:
        if on != state.holds:
            return become(REST, on)
        if quote.time_ms < state.since_ms:
            return become(PENDING, on)
        return fire(on) if quote.time_ms >= state.since_ms + rule.hold_ms else state
    if either:
        far = abs(value - rule.threshold) >= rule.rearm
        was_far = state.price is not None and abs(state.price - rule.threshold) >= rule.rearm
        if on == state.holds or done:
            return become(REST, on) if far or (was_far and on != state.holds) else state
        return cross(on) if far or was_far else state
    if is_back(rule, value):
        return become(REST, False)
    return become(RECOVERING, False) if phase is FIRING and not on else state


def said_before(state: RuleState, quote: Quote) -> bool:
    """Whether a restarted feed hears again what led to the state; ids that fall for 10 s are a new count."""
    if state.trade_id is None or quote.trade_id is None or quote.time_ms > state.time_ms + 10_000:
        return False
    same = quote.trade_id == state.trade_id
    return quote.trade_id < state.trade_id or (same and quote.time_ms <= state.time_ms)


@dataclass
class Watcher:
    """One rule, its state, and whether anybody looked since that was persisted."""

    rule: Rule
    state: RuleState
    unseen: bool


@dataclass
class Oracle:
    """Takes what Engine takes and answers what Engine answers, except that `why` is empty."""

    watchers: dict[RuleKey, Watcher] = field(default_factory=dict)
    histories: dict[tuple[str, str, int], list[Tick]] = field(default_factory=dict)

    def load(self, rules: Iterable[tuple[Rule, RuleState | None]], *, whole: bool = False) -> None:
        loaded = list(rules)
        if whole:
            given = {rule.key for rule, _ in loaded}
            self.watchers = {key: watcher for key, watcher in self.watchers.items() if key in given}
        for rule, state in loaded:
            known = self.watchers.get(rule.key)
            if known is not None and known.rule.version == rule.version:
                known.rule = rule
            elif state is not None and state.version == rule.version:
                self.watchers[rule.key] = Watcher(rule, state, unseen=state.phase is not Phase.UNKNOWN)
            else:
                blank = RuleState(rule.version, Phase.UNKNOWN, False, 0, None, 0, None, 0)
                self.watchers[rule.key] = Watcher(rule, blank, unseen=False)
        # What a rule sees of the past is what was kept for rules with its window.
        wanted = {_history(watcher.rule) for watcher in self.watchers.values()}
        self.histories = {key: self.histories.get(key, []) for key in wanted if key[2]}

    def judge(self, quote: Quote, previous: Quote | None) -> list[Decision]:
        for (exchange, symbol, window_ms), ticks in self.histories.items():
            if (exchange, symbol) == (quote.exchange, quote.symbol):
                ticks[:] = within([*ticks, (quote.time_ms, quote.price)], window_ms)
        decisions = []
        for watcher in list(self.watchers.values()):
            if (watcher.rule.exchange, watcher.rule.symbol) == (quote.exchange, quote.symbol):
                decisions += self._judge(watcher, quote, previous)
        return sorted(decisions, key=lambda decision: decision.rule.id)

    def drop(self, keys: Iterable[RuleKey]) -> None:
        dropped = set(keys)
        self.load([(watcher.rule, None) for key, watcher in self.watchers.items() if key not in dropped], whole=True)

    def interrupt(self) -> None:
        for watcher in self.watchers.values():
            watcher.unseen = watcher.state.phase is not Phase.UNKNOWN

    def fires(self, quotes: Iterable[Quote], *, each: Callable[[Decision], None] = lambda _: None) -> list[Decision]:
        """The alerts of all these quotes in turn."""
        newest: dict[tuple[str, str], Quote] = {}
        fired = []
        for quote in quotes:
            where = (quote.exchange, quote.symbol)
            for decision in self.judge(quote, newest.get(where)):
                each(decision)
                if decision.fires:
                    fired.append(decision)
            newest[where] = quote
        return fired

    def _judge(self, watcher: Watcher, quote: Quote, previous: Quote | None) -> list[Decision]:
        value = self._value(watcher.rule, quote)
        if value is None:
            return []
        if watcher.unseen and said_before(watcher.state, quote):
            return []
        unseen, watcher.unseen = watcher.unseen, False
        before = watcher.state
        watcher.state = after(watcher.rule, before, value, quote)
        if watcher.state == before:
            return []
        fires = watcher.state.fires > before.fires
        price_before = previous.price if previous else None
        return [
            Decision(
                watcher.rule,
                before,
                watcher.state,
                fires,
                fires and unseen,
                quote.price,
                price_before,
                quote.time_ms,
                "",
            )
        ]

    def _value(self, rule: Rule, quote: Quote) -> Decimal | None:
        if rule.condition is Condition.MOVED:
            return percent_moved(self.histories[_history(rule)])
        if rule.condition in (Condition.CHANGE_ABOVE, Condition.CHANGE_BELOW):
            return quote.change_24h
        return quote.price


def _history(rule: Rule) -> tuple[str, str, int]:
    return rule.exchange, rule.symbol, rule.window_ms if rule.condition is Condition.MOVED else 0
