"""Why a rule did what it did, in words: for the alert, its timeline, and the rule's page."""

from decimal import Decimal

from market.core.rule import Condition, Rule

PERCENT = frozenset({Condition.CHANGE_ABOVE, Condition.CHANGE_BELOW, Condition.MOVED})
SHOWN_PLACES = Decimal("0.0001")  # of a percentage; those that are computed have 28 digits


def fires(rule: Rule, value: Decimal, *, upwards: bool) -> str:
    return _stands(rule, value, upwards=upwards) + _held(rule)


def waits(rule: Rule, value: Decimal) -> str:
    return f"{_number(rule, value)}: has to hold for {_seconds(rule.hold_ms)}"


def not_held(rule: Rule, value: Decimal, held_ms: int) -> str:
    return f"{_number(rule, value)}: held for {_seconds(held_ms)} of {_seconds(rule.hold_ms)}"


def forbidden(rule: Rule, value: Decimal, cooldown_ms: int) -> str:
    if not cooldown_ms:
        return f"{_number(rule, value)}: it has fired once"
    return f"{_number(rule, value)}: at most once every {_seconds(rule.interval_ms)}, {_seconds(cooldown_ms)} left"


def first(rule: Rule, value: Decimal, *, on: bool) -> str:
    if rule.condition is Condition.CROSS:
        return f"first tick, at {_number(rule, value)}: {'above' if on else 'below'}"
    return f"first tick, at {_number(rule, value)}: {'already holds' if on else 'does not hold'}"


def recovers(rule: Rule, value: Decimal) -> str:
    return f"{_number(rule, value)}: back, not yet by {_number(rule, rule.rearm)}"


def back(rule: Rule, value: Decimal) -> str:
    return f"{_number(rule, value)}: may fire again"


def _stands(rule: Rule, value: Decimal, *, upwards: bool) -> str:
    shown, threshold = _number(rule, value), _number(rule, rule.threshold)
    match rule.condition:
        case Condition.ABOVE:
            return f"{shown} is at or above {threshold}"
        case Condition.BELOW:
            return f"{shown} is at or below {threshold}"
        case Condition.CROSS:
            return f"{shown} is {'at or above' if upwards else 'below'} {threshold}"
        case Condition.CHANGE_ABOVE:
            return f"the change of 24 h is {shown}, at or above {threshold}"
        case Condition.CHANGE_BELOW:
            return f"the change of 24 h is {shown}, at or below {threshold}"
        case Condition.MOVED:
            return f"moved by {shown} within {_seconds(rule.window_ms)}, at least {threshold}"
        case Condition.ENTERS | Condition.LEAVES:
            place = "inside" if rule.condition is Condition.ENTERS else "outside"
            return f"{shown} is {place} {threshold} to {_number(rule, rule.upper or rule.threshold)}"


def _held(rule: Rule) -> str:
    return f", for {_seconds(rule.hold_ms)}" if rule.hold_ms else ""


def _number(rule: Rule, number: Decimal) -> str:
    """All digits of a price, without an exponent; a percentage as far as it can be read."""
    if rule.condition not in PERCENT:
        return f"{number:f}"
    return f"{number.quantize(SHOWN_PLACES).normalize():f} %"


def _seconds(ms: int) -> str:
    return f"{ms / 1000:g} s"
