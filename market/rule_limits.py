"""Which rules are impossible, and why: the sentences staff read."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, localcontext
from zoneinfo import available_timezones

from django.utils.translation import gettext, gettext_noop

from market.core.rule import Condition, Frequency
from market.models import AlertRule, RearmUnit
from market.models.alert_rule import PERCENT, RANGES, plain

LONGEST_WINDOW = LONGEST_HOLD = 86_400  # seconds: a day
LONGEST_INTERVAL = 366 * 86_400
DIGITS = 60  # of a price divided by its tick, whatever both are
ONE_PRICE_FOR_ALL = gettext_noop(
    "One price for all symbols makes no sense: choose a symbol, or a change or move in percent."
)

Refusal = tuple[str, str]  # the field and the reason


def refusals(rule: AlertRule, now: datetime) -> Iterator[Refusal]:
    """Every reason why `rule` could never be meant, with the field it belongs to. Its fields are of the right types.

    What was stored already is not refused for the time that passed since.
    """
    yield from _threshold(rule)
    yield from _range(rule)
    yield from _rearm(rule)
    yield from _durations(rule)
    yield from _hours(rule)
    yield from _times(rule, now)


def _threshold(rule: AlertRule) -> Iterator[Refusal]:
    condition, threshold = rule.condition, rule.threshold
    if condition in PERCENT:
        if condition == Condition.MOVED and threshold <= 0:
            yield "threshold", gettext("A move is more than 0 percent, up or down.")
        if condition == Condition.CHANGE_BELOW and threshold <= -100:
            yield "threshold", gettext("No price falls by 100 percent or more.")
        return
    if threshold <= 0:
        yield "threshold", gettext("A price is more than 0.")
    elif reason := _off_the_tick(rule, threshold):
        yield "threshold", reason
    if rule.watched_id is None:
        yield "watched", gettext(ONE_PRICE_FOR_ALL)


def _range(rule: AlertRule) -> Iterator[Refusal]:
    if rule.condition not in RANGES:
        if rule.upper is not None:
            yield "upper", gettext("Only a range has an upper end.")
    elif rule.upper is None:
        yield "upper", gettext("A range needs an upper end.")
    elif rule.upper <= rule.threshold:
        yield (
            "upper",
            gettext("The upper end of the range has to be above %(price)s.") % {"price": plain(rule.threshold)},
        )
    elif reason := _off_the_tick(rule, rule.upper):
        yield "upper", reason


def _off_the_tick(rule: AlertRule, price: Decimal) -> str:
    step = rule.watched.tick_size if rule.watched else None
    with localcontext(prec=DIGITS):
        if not step or price % step == 0:
            return ""
        below = price // step * step
    words = gettext("%(symbol)s moves in steps of %(step)s, so it never is %(price)s: take %(below)s or %(above)s.")
    numbers = {"step": step, "price": price, "below": below, "above": below + step}
    return words % {"symbol": rule.watched, **{name: plain(number) for name, number in numbers.items()}}


def _rearm(rule: AlertRule) -> Iterator[Refusal]:
    if rule.rearm < 0:
        yield "rearm", gettext("A distance is not negative.")
    elif rule.rearm_unit == RearmUnit.TICKS:
        if rule.condition in PERCENT:
            yield "rearm_unit", gettext("Ticks are steps of a price; this condition is in percent.")
        elif rule.watched and not rule.watched.tick_size:
            yield "rearm_unit", gettext("The tick size of %(symbol)s is not known.") % {"symbol": rule.watched}
    elif rule.rearm >= 100 and rule.condition not in PERCENT:
        yield "rearm", gettext("The price would have to go back to 0 before it may fire again.")


def _durations(rule: AlertRule) -> Iterator[Refusal]:
    if rule.condition == Condition.MOVED:
        if not rule.window_seconds or rule.window_seconds > LONGEST_WINDOW:
            yield (
                "window_seconds",
                gettext("A move needs a window of 1 to %(most)s seconds.") % {"most": LONGEST_WINDOW},
            )
    elif rule.window_seconds is not None:
        yield "window_seconds", gettext("Only a move has a window.")
    if rule.hold_seconds > LONGEST_HOLD:
        yield "hold_seconds", gettext("At most %(most)s seconds, a day.") % {"most": LONGEST_HOLD}
    if rule.frequency == Frequency.INTERVAL:
        if not rule.interval_seconds or rule.interval_seconds > LONGEST_INTERVAL:
            words = gettext("At most once per how many seconds: 1 to %(most)s.")
            yield "interval_seconds", words % {"most": LONGEST_INTERVAL}
    elif rule.interval_seconds is not None:
        yield "interval_seconds", gettext("Only a rule that fires at most once per interval has one.")


def _hours(rule: AlertRule) -> Iterator[Refusal]:
    if (rule.active_from is None) != (rule.active_until is None):
        missing = "active_from" if rule.active_from is None else "active_until"
        yield missing, gettext("Active hours have both ends.")
    elif rule.active_from is not None and rule.active_from == rule.active_until:
        yield "active_until", gettext("It would never be active: leave both empty for the whole day.")
    if rule.time_zone not in available_timezones():
        words = gettext("%(name)s is no time zone; Europe/Berlin is one.")
        yield "time_zone", words % {"name": rule.time_zone}


def _times(rule: AlertRule, now: datetime) -> Iterator[Refusal]:
    stored = AlertRule.objects.filter(pk=rule.pk).values_list("expires_at", "paused_until").first()
    expiry, pause = stored or (None, None)
    if rule.expires_at is not None and rule.expires_at <= now and rule.expires_at != expiry:
        yield "expires_at", gettext("This is in the past: the rule would never be judged.")
    if rule.paused_until is not None and rule.paused_until <= now and rule.paused_until != pause:
        yield "paused_until", gettext("This is in the past: leave it empty to pause nothing.")
    if rule.expires_at and rule.paused_until and now < rule.expires_at <= rule.paused_until:
        yield "paused_until", gettext("It would expire before the pause ends.")
