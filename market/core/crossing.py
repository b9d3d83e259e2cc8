"""One rule's state machine. Pure: a value and its exchange time come in, the next state and whether it fires go out.

* A rule fires on the edge, at the tick whose value is the first for which its condition holds. Ends belong to it:
  at the threshold itself "above" and "below" hold, and a range holds both its ends. CROSS knows two sides, and the
  threshold belongs to the upper one.
* The first tick of a new rule only sets the side, unless `fire_if_holds`.
* After a fire the value has to go back by the re-arm distance before the rule may fire again. CROSS has to move away
  by that distance, to either side: on the new side it may fire again, back on the old side it does so at once.
* With `hold_ms` the rule is PENDING first, and fires at the first tick at or after that time at which the condition
  still holds. A tick for which it does not hold ends that, however late it comes.
* A crossing that the frequency forbids changes the state like any other; it just does not fire.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from market.core import reason
from market.core.merge import RENUMBERED_AFTER_MS
from market.core.quote import Quote
from market.core.rule import Condition, Frequency, Phase, Rule, RuleState
from market.core.span import EVERYWHERE, NOWHERE, Span, Spans, inside

RISING = frozenset({Condition.ABOVE, Condition.CHANGE_ABOVE, Condition.MOVED, Condition.CROSS})
FALLING = frozenset({Condition.BELOW, Condition.CHANGE_BELOW})


@dataclass(frozen=True, slots=True)
class Moment:
    """One tick as a rule sees it: `value` is what the rule watches, the rest is the quote's."""

    value: Decimal
    price: Decimal
    time_ms: int
    trade_id: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What a tick made of a state."""

    after: RuleState
    fires: bool
    why: str


def unknown(rule: Rule) -> RuleState:
    """The state of a rule before its first tick."""
    return RuleState(rule.version, Phase.UNKNOWN, False, 0, None, 0, None, 0)


def holds(rule: Rule, value: Decimal) -> bool:
    """Whether the condition holds at `value` of what the rule watches; for CROSS: whether that is the upper side."""
    if rule.condition in RISING:
        return value >= rule.threshold
    if rule.condition in FALLING:
        return value <= rule.threshold
    low, high = _range(rule)
    return (low <= value <= high) is (rule.condition is Condition.ENTERS)


def is_spent(rule: Rule, state: RuleState) -> bool:
    """Whether it was to fire once, and did."""
    return rule.frequency is Frequency.ONCE and state.fires > 0


def cooldown_left_ms(rule: Rule, state: RuleState, now_ms: int) -> int:
    """How long the rule may not fire because it did. A fire that is later than now was of another clock: none."""
    if rule.frequency is not Frequency.INTERVAL or state.fired_ms is None or now_ms < state.fired_ms:
        return 0
    return max(0, state.fired_ms + rule.interval_ms - now_ms)


def awaited(rule: Rule, state: RuleState) -> Spans:
    """The values at which the state changes, ascending. Elsewhere `step` says None, but for what time brings."""
    if state.phase is Phase.UNKNOWN:
        return EVERYWHERE
    if state.phase is Phase.INACTIVE and is_spent(rule, state):
        return NOWHERE
    if rule.condition is Condition.CROSS and state.phase in (Phase.FIRING, Phase.RECOVERING):
        return _crossing_again(rule, state)
    if state.phase is Phase.RECOVERING:
        return _rearming(rule)
    return _failing(rule) if state.holds else _holding(rule)


def deadline_ms(rule: Rule, state: RuleState) -> int | None:
    """The exchange time from which a tick fires although it crosses nothing."""
    return state.since_ms + rule.hold_ms if state.phase is Phase.PENDING else None


def was_judged(state: RuleState, quote: Quote) -> bool:
    """Whether the venue says again what was judged before a restart: a trade up to that which made the state.

    Of one millisecond, too, its ids tell them apart; what says news of 24 h in the same one counts with the next tick.
    A venue that counts its trades anew is told by the time that has gone; without ids a repeat cannot be told.
    """
    if state.trade_id is None or quote.trade_id is None or quote.time_ms - state.time_ms > RENUMBERED_AFTER_MS:
        return False
    return (quote.trade_id, quote.time_ms) <= (state.trade_id, state.time_ms)


def step(rule: Rule, state: RuleState, now: Moment) -> Step | None:
    """What the tick `now` makes of `state`; None when nothing changes."""
    on = holds(rule, now.value)
    if state.phase is Phase.UNKNOWN:
        return _first(rule, state, now, on=on)
    if state.phase is Phase.PENDING:
        return _held(rule, state, now, on=on)
    if state.phase is Phase.INACTIVE:
        return _from_rest(rule, state, now, on=on)
    if rule.condition is Condition.CROSS:
        return _cross_again(rule, state, now, on=on)
    return _go_back(rule, state, now, on=on)


def _first(rule: Rule, state: RuleState, now: Moment, *, on: bool) -> Step:
    if on and rule.fire_if_holds and rule.condition is not Condition.CROSS:
        return _cross(rule, state, now, on=on)
    return _rest(state, now, on=on, why=reason.first(rule, now.value, on=on))


def _from_rest(rule: Rule, state: RuleState, now: Moment, *, on: bool) -> Step | None:
    if on == state.holds or is_spent(rule, state):
        return None
    if on or rule.condition is Condition.CROSS:
        return _cross(rule, state, now, on=on)
    return _rest(state, now, on=on, why=reason.back(rule, now.value))


def _held(rule: Rule, state: RuleState, now: Moment, *, on: bool) -> Step | None:
    if on != state.holds:
        return _rest(state, now, on=on, why=reason.not_held(rule, now.value, now.time_ms - state.since_ms))
    if now.time_ms < state.since_ms:  # persisted by another clock
        return Step(_moved(state, now, phase=Phase.PENDING, on=on), False, reason.waits(rule, now.value))
    if now.time_ms - state.since_ms < rule.hold_ms:
        return None
    return _fire(rule, state, now, on=on)


def _cross_again(rule: Rule, state: RuleState, now: Moment, *, on: bool) -> Step | None:
    if not inside(_crossing_again(rule, state), now.value):
        return None
    if on == state.holds or is_spent(rule, state):
        return _rest(state, now, on=on, why=reason.back(rule, now.value))
    return _cross(rule, state, now, on=on)


def _go_back(rule: Rule, state: RuleState, now: Moment, *, on: bool) -> Step | None:
    if inside(_rearming(rule), now.value):
        return _rest(state, now, on=False, why=reason.back(rule, now.value))
    if on or state.phase is Phase.RECOVERING:
        return None
    return Step(_moved(state, now, phase=Phase.RECOVERING, on=False), False, reason.recovers(rule, now.value))


def _cross(rule: Rule, state: RuleState, now: Moment, *, on: bool) -> Step:
    if rule.hold_ms > 0:
        return Step(_moved(state, now, phase=Phase.PENDING, on=on), False, reason.waits(rule, now.value))
    return _fire(rule, state, now, on=on)


def _fire(rule: Rule, state: RuleState, now: Moment, *, on: bool) -> Step:
    after = _moved(state, now, phase=Phase.FIRING, on=on)
    left = cooldown_left_ms(rule, state, now.time_ms)
    if left or is_spent(rule, state):
        return Step(after, False, reason.forbidden(rule, now.value, left))
    fired = replace(after, fired_ms=now.time_ms, fires=state.fires + 1)
    return Step(fired, True, reason.fires(rule, now.value, upwards=on))


def _rest(state: RuleState, now: Moment, *, on: bool, why: str) -> Step:
    return Step(_moved(state, now, phase=Phase.INACTIVE, on=on), False, why)


def _moved(state: RuleState, now: Moment, *, phase: Phase, on: bool) -> RuleState:
    return RuleState(
        state.version, phase, on, now.time_ms, state.fired_ms, state.fires, now.price, now.time_ms, now.trade_id
    )


def _holding(rule: Rule) -> Spans:
    if rule.condition in RISING:
        return (Span.from_up(rule.threshold),)
    if rule.condition in FALLING:
        return (Span.from_down(rule.threshold),)
    low, high = _range(rule)
    return (Span(low, high),) if rule.condition is Condition.ENTERS else (Span.below(low), Span.above(high))


def _failing(rule: Rule) -> Spans:
    if rule.condition in RISING:
        return (Span.below(rule.threshold),)
    if rule.condition in FALLING:
        return (Span.above(rule.threshold),)
    low, high = _range(rule)
    return (Span(low, high),) if rule.condition is Condition.LEAVES else (Span.below(low), Span.above(high))


def _rearming(rule: Rule) -> Spans:
    """Where a rule that fired may fire again. Without a distance: everywhere where the condition does not hold."""
    if not rule.rearm:
        return _failing(rule)
    back = _rearm(rule)
    if rule.condition in RISING:
        return (Span.from_down(rule.threshold - back),)
    if rule.condition in FALLING:
        return (Span.from_up(rule.threshold + back),)
    low, high = _range(rule)
    if rule.condition is Condition.LEAVES:
        return (Span(low + back, high - back),)
    return (Span.from_down(low - back), Span.from_up(high + back))


def _rearm(rule: Rule) -> Decimal:
    """A distance at which no value could ever arrive would silence the rule: half of what there is, at most."""
    if rule.condition is Condition.MOVED:
        return min(rule.rearm, rule.threshold / 2)
    if rule.condition is Condition.LEAVES:
        low, high = _range(rule)
        return min(rule.rearm, (high - low) / 2)
    return rule.rearm


def _crossing_again(rule: Rule, state: RuleState) -> Spans:
    """CROSS: where a rule that fired changes; far enough from the threshold, unless it fired as far away as that."""
    under = Span.from_down(rule.threshold - rule.rearm) if rule.rearm else Span.below(rule.threshold)
    over = Span.from_up(rule.threshold + rule.rearm)
    if state.price is None or not inside((under, over), state.price):
        return (under, over)
    return (Span.below(rule.threshold), over) if state.holds else (under, Span.from_up(rule.threshold))


def _range(rule: Rule) -> tuple[Decimal, Decimal]:
    if rule.upper is None:
        raise ValueError(f"rule {rule.id}: a range needs its top")
    return rule.threshold, rule.upper
