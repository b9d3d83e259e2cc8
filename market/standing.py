"""Where a rule stands with one symbol now, and why it did not fire: words for staff."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from django.utils.translation import gettext, gettext_noop, ngettext

from market.core.crossing import cooldown_left_ms, holds, is_spent, unknown
from market.core.quote import percent_change
from market.core.rule import Condition, Phase, Rule
from market.core.rule import RuleState as State
from market.core.wire import WireQuote
from market.models import AlertRule, WatchedSymbol
from market.models.alert_rule import PERCENT, RANGES, plain
from market.phrases import phrase
from market.zone import zoned, zoned_ms

NO_QUOTE = gettext_noop("This process has no price of it.")
CHANGES = frozenset({Condition.CHANGE_ABOVE, Condition.CHANGE_BELOW})


@dataclass(frozen=True, slots=True)
class Standing:
    """`state`: what it is now, and where it stands. `fires_at_once`: what saving it as new would do. `reasons`: why it
    does not fire now, the first decides.
    """

    symbol: str
    last_tick: str
    side: str
    distance: str
    state: str
    fired: str
    cooldown: str
    fires_at_once: str
    reasons: tuple[str, ...]


def standing(
    row: AlertRule,
    watched: WatchedSymbol,
    *,
    state: State | None,
    quote: WireQuote | None,
    now: datetime,
    no_data: str = "",
    snoozed_until: datetime | None = None,
    filled_ms: int | None = None,
) -> Standing:
    """`state` as persisted (None: never written), `quote` the newest this process has (None: none).

    `no_data` says why no price of the symbol can be judged now, empty where one can; then nothing fires and nothing is
    resolved, and the rule goes on from where it stood. `filled_ms`: since when the window of a rule of moves is filled,
    exchange time (None: nothing of it is kept).
    """
    rule = row.rule_for(watched)
    known = state if state is not None and state.version == row.version else unknown(rule)
    value = watched_value(rule, quote)
    now_ms = quote.time_ms if quote else _ms(now)
    left = cooldown_left_ms(rule, known, now_ms)
    return Standing(
        symbol=str(watched),
        last_tick=_tick(quote, known),
        side=_side(rule, known, value),
        distance=distance(rule, value),
        state=_state(known, held_up(row, watched, now=now, no_data=no_data, snoozed_until=snoozed_until)),
        fired=_fired(known),
        cooldown=gettext("%(time)s left") % {"time": _seconds(left)} if left else gettext("none"),
        fires_at_once=at_once(rule, value),
        reasons=(
            *_reasons(row, watched, now),
            *([gettext("No data: %(reason)s.") % {"reason": no_data}] if no_data else []),
            *([gettext("It is snoozed until %(time)s.") % {"time": _minute(snoozed_until)}] if snoozed_until else []),
            *_waits(rule, known, value=value, now_ms=now_ms),
            *_not_filled(rule, filled_ms, now_ms),
        ),
    )


def held_up(
    row: AlertRule,
    watched: WatchedSymbol | None,
    *,
    now: datetime,
    no_data: str = "",
    snoozed_until: datetime | None = None,
) -> str:
    """What keeps a rule from being judged or told, in few words; empty: nothing does."""
    pairs = (
        (not row.enabled, gettext("switched off")),
        (row.expired_at(now), gettext("expired")),
        (row.paused_at(now), gettext("paused until %(time)s") % {"time": _minute(row.paused_until)}),
        (watched is not None and not watched.enabled, gettext("not watched")),
        (bool(no_data), gettext("no data")),
        (snoozed_until is not None, gettext("snoozed until %(time)s") % {"time": _minute(snoozed_until)}),
        (not row.active_at(now), gettext("outside its active hours")),
    )
    return next((words for holds, words in pairs if holds), "")


def _state(known: State, held: str) -> str:
    words = gettext("%(phase)s since %(since)s")
    stands = words % {"phase": phrase(known.phase.value), "since": _time(known.since_ms)}
    return f"{held} ({stands})" if held else stands


def watched_value(rule: Rule, quote: WireQuote | None) -> Decimal | None:
    """What the rule compares, of the newest quote; None where one quote does not tell (moves) or there is none."""
    if quote is None or rule.condition == Condition.MOVED:
        return None
    text = quote.numbers.get("change_24h" if rule.condition in CHANGES else "price")
    return None if text is None else Decimal(text)


def distance(rule: Rule, value: Decimal | None) -> str:
    """From the value to the (nearest) threshold."""
    if rule.condition == Condition.MOVED:
        return gettext("not of one price: a move is measured within its window")
    if value is None:
        return gettext("unknown")
    ends = [rule.threshold] if rule.upper is None else [rule.threshold, rule.upper]
    nearest = min(ends, key=lambda end: abs(end - value))
    if nearest == value:
        return gettext("0: it is at %(price)s") % {"price": plain(nearest)}
    way = plain(abs(nearest - value))
    if rule.condition in PERCENT:
        way = gettext("%(number)s percent points") % {"number": way}
    elif (share := percent_change(nearest, value)) is not None:
        way = f"{way} ({plain(abs(share))} %)"
    words = gettext("%(way)s below %(price)s") if value < nearest else gettext("%(way)s above %(price)s")
    return words % {"way": way, "price": plain(nearest)}


def at_once(rule: Rule, value: Decimal | None) -> str:
    """Whether a new rule like this would fire with the next price."""
    if rule.condition == Condition.CROSS:
        return gettext("no: the first price only sets the side")
    if rule.condition == Condition.MOVED:
        return gettext("only known once prices of its window were seen")
    if value is None:
        return gettext("unknown")
    if not holds(rule, value):
        return gettext("no: the condition does not hold now")
    if not rule.fire_if_holds:
        return gettext("no: the condition holds already, so it has to fail and hold again first")
    if not rule.hold_ms:
        return gettext("yes")
    return gettext("yes, once it has held for %(time)s") % {"time": _seconds(rule.hold_ms)}


def _reasons(row: AlertRule, watched: WatchedSymbol, now: datetime) -> Iterator[str]:
    """What keeps the row from being judged at all."""
    if not row.enabled:
        yield gettext("The rule is switched off.")
    if row.paused_at(now):
        yield gettext("It is paused until %(time)s.") % {"time": _second(row.paused_until)}
    if row.expired_at(now):
        yield gettext("It expired at %(time)s.") % {"time": _second(row.expires_at)}
    if not row.active_at(now):
        yield gettext("This is outside its active hours (%(zone)s).") % {"zone": row.time_zone}
    if not watched.enabled:
        yield gettext("%(symbol)s is not watched now.") % {"symbol": watched}


def _waits(rule: Rule, state: State, *, value: Decimal | None, now_ms: int) -> Iterator[str]:
    """What the state machine waits for."""
    if is_spent(rule, state):
        yield gettext("It fires once, and it has.")
    if left := cooldown_left_ms(rule, state, now_ms):
        yield gettext("It fired less than its interval ago: %(time)s left.") % {"time": _seconds(left)}
    match state.phase:
        case Phase.UNKNOWN:
            yield gettext("No price came since it was made or changed; the first one only sets its side.")
        case Phase.PENDING:
            gone = max(0, now_ms - state.since_ms)
            words = gettext("It holds since %(gone)s of the %(whole)s it has to.")
            yield words % {"gone": _seconds(gone), "whole": _seconds(rule.hold_ms)}
        case Phase.FIRING | Phase.RECOVERING:
            words = gettext("It has fired, and the value has not gone back by the re-arm distance of %(distance)s.")
            yield words % {"distance": plain(rule.rearm)}
        case Phase.INACTIVE if state.holds and rule.condition != Condition.CROSS:
            yield gettext("The condition held when it was first looked at: it has to fail and hold again.")
        case _:
            yield gettext("Nothing was crossed: %(distance)s.") % {"distance": distance(rule, value)}


def _fired(state: State) -> str:
    if not state.fires:
        return gettext("never")
    words = ngettext("%(count)s time, last %(time)s", "%(count)s times, last %(time)s", state.fires)
    return words % {"count": state.fires, "time": _time(state.fired_ms)}


def _not_filled(rule: Rule, filled_ms: int | None, now_ms: int) -> Iterator[str]:
    """A window that is not full sees less than the rule asks for."""
    if rule.condition != Condition.MOVED:
        return
    if filled_ms is None:
        yield gettext("Nothing of its window is kept yet: it is filled from the next price on.")
    elif now_ms - filled_ms < rule.window_ms:
        words = gettext("Its window of %(window)s is filled since %(since)s: not with what was before.")
        yield words % {"window": _seconds(rule.window_ms), "since": _time(filled_ms)}


def _side(rule: Rule, state: State, value: Decimal | None) -> str:
    if state.phase is Phase.UNKNOWN and value is None:
        return gettext("unknown")
    on = state.holds if value is None else holds(rule, value)
    if rule.condition in RANGES:
        inside = on == (rule.condition == Condition.ENTERS)
        return gettext("inside the range") if inside else gettext("outside the range")
    if rule.condition == Condition.CROSS:
        return gettext("above") if on else gettext("below")
    return gettext("the condition holds") if on else gettext("the condition does not hold")


def tick_words(quote: WireQuote | None) -> str:
    if quote is None:
        return gettext(NO_QUOTE)
    change = quote.numbers.get("change_24h")
    facts = {"price": quote.numbers["price"], "time": _time(quote.time_ms), "source": phrase(quote.source)}
    if change is None:
        return gettext("%(price)s at %(time)s, %(source)s") % facts
    return gettext("%(price)s at %(time)s, %(source)s; %(change)s %% in 24 h") % {**facts, "change": change}


def _tick(quote: WireQuote | None, state: State) -> str:
    if quote is not None or state.price is None:
        return tick_words(quote)
    words = gettext("This process has no price of it. The last one that changed its state: %(price)s at %(time)s")
    return words % {"price": plain(state.price), "time": _time(state.time_ms)}


def _time(time_ms: int | None) -> str:
    return zoned_ms(time_ms, "milliseconds") if time_ms else gettext("never")


def _minute(moment: datetime | None) -> str:
    return "" if moment is None else zoned(moment, "minutes")


def _second(moment: datetime | None) -> str:
    return "" if moment is None else zoned(moment)


def _seconds(ms: int) -> str:
    return f"{plain(Decimal(ms) / 1000)} s"


def _ms(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp() * 1000)
