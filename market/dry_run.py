"""Would this rule have fired? Asked of the stored minutes before it is saved. Synchronous, and bounded in time."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from market import history
from market.candle_rows import last_source
from market.core import display
from market.core.candle import Candle
from market.core.engine import CHANGE, Engine
from market.core.interval import MINUTE_MS, Interval
from market.core.quote import Quote
from market.core.rehearsal import Counts, FiredMinute, Rehearsal, judged, rehearse
from market.core.rule import Condition, Decision, Rule
from market.core.wire import number_text
from market.models import AlertRule, WatchedSymbol
from market.phrases import phrase
from market.recorded_ticks import recorded_quotes
from market.zone import zoned_ms

logger = logging.getLogger(__name__)

DAYS = (1, 7, 30)
AT_FIRST = 7  # days
PATIENCE = 1.0  # seconds of playing minutes, after they were read
TICK_PATIENCE = 0.5  # seconds of reading and playing recorded ticks
SHOWN = 50  # minutes in the table


@dataclass(frozen=True, slots=True)
class FiredLine:
    """A minute of the table, the newest first. `times` is a number or two: `1`, `0–1`."""

    at: str
    low: str
    high: str
    times: str


@dataclass(frozen=True, slots=True)
class TickLine:
    """A tick at which it fired, exactly."""

    at: str
    price: str
    why: str


@dataclass(frozen=True, slots=True)
class TickRun:
    """The same over recorded ticks: as it would have been, since nothing lies between them. The newest line first."""

    verdict: str
    lines: tuple[TickLine, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class DryRun:
    """What the form says. `verdict` is a sentence; `notes` say how far it can be trusted.

    `ticks` is None where none of the symbol are recorded.
    """

    verdict: str
    period: str
    notes: tuple[str, ...]
    lines: tuple[FiredLine, ...]
    hidden: int
    least: int
    most: int
    ticks: TickRun | None = None


def dry_run(
    row: AlertRule,
    watched: WatchedSymbol,
    *,
    days: int,
    source: str,
    now_ms: int,
    clock: Callable[[], float] = time.monotonic,
) -> DryRun:
    """The rule of `row`, saved or not, over the minutes stored of the last `days`."""
    rule = row.rule_for(watched)
    start_ms = Interval.M1.floor(now_ms - days * Interval.D1.ms)
    source = source or last_source((watched.exchange, watched.symbol))
    minutes = _minutes(watched, source, start_ms - _looks_back(row), now_ms)
    counts = _active_hours(row)
    made = rehearse(rule, minutes, start_ms=start_ms, counts=counts, in_time=_for(PATIENCE, clock))
    asked = [each for each in minutes if each.open_ms >= start_ms]
    digits = _digits(watched)
    return DryRun(
        verdict=_verdict(made),
        period=_period(asked[0].open_ms, made, source) if asked else "",
        notes=tuple(_notes(row, made, asked, (start_ms, now_ms))),
        lines=tuple(_line(each, digits) for each in made.fired[: -SHOWN - 1 : -1]),
        hidden=max(0, len(made.fired) - SHOWN),
        least=made.least,
        most=made.most,
        ticks=_tick_run(rule, _recorded(watched, source, start_ms, in_time=_for(TICK_PATIENCE, clock)), counts, digits),
    )


def not_run(why: str) -> DryRun:
    return DryRun(why, period="", notes=(), lines=(), hidden=0, least=0, most=0)


def _for(seconds: float, clock: Callable[[], float]) -> Callable[[], bool]:
    until = clock() + seconds
    return lambda: clock() < until


def _active_hours(row: AlertRule) -> Counts:
    if row.active_from is None and not row.active_days:
        return lambda time_ms: True
    return lambda time_ms: row.active_at(datetime.fromtimestamp(time_ms / 1000, UTC))


def _recorded(watched: WatchedSymbol, source: str, start_ms: int, *, in_time: Callable[[], bool]) -> Iterator[Quote]:
    """What is recorded since then; a recording that cannot be read is none."""
    try:
        quotes = recorded_quotes(settings.RECORD_DIR, watched.exchange, watched.symbol, source=source, in_time=in_time)
        yield from (quote for quote in quotes if quote.time_ms >= start_ms)
    except OSError as error:
        logger.warning("%s: cannot be read: %s", settings.RECORD_DIR, error)


def _tick_run(rule: Rule, quotes: Iterable[Quote], counts: Counts, digits: int) -> TickRun | None:
    engine = Engine()
    engine.load([(rule, None)])
    fired: list[Decision] = []
    first = last = None
    for quote in quotes:
        first, last = first or quote, quote
        fired += judged(engine, rule, quote, counts)
    if first is None or last is None:
        return None
    words = {"from": zoned_ms(first.time_ms), "to": zoned_ms(last.time_ms), "count": len(fired)}
    verdict = ngettext(
        "On the recorded ticks of %(from)s to %(to)s it would have fired %(count)d time.",
        "On the recorded ticks of %(from)s to %(to)s it would have fired %(count)d times.",
        len(fired),
    )
    lines = [
        TickLine(zoned_ms(each.time_ms, "milliseconds"), _price(each.price, digits), phrase(each.why))
        for each in fired[: -SHOWN - 1 : -1]
    ]
    return TickRun(verdict % words, tuple(lines), max(0, len(fired) - SHOWN))


def _minutes(watched: WatchedSymbol, source: str, start_ms: int, end_ms: int) -> list[Candle]:
    limit = (end_ms - start_ms) // MINUTE_MS + 1
    found = history.read(
        watched.exchange, watched.symbol, source, Interval.M1, start_ms=start_ms, end_ms=end_ms, limit=limit
    )
    return list(found.candles)


def _looks_back(row: AlertRule) -> int:
    """ms before the first minute that its value depends on."""
    if row.condition in CHANGE:
        return Interval.D1.ms
    return (row.window_seconds or 0) * 1000 if row.condition == Condition.MOVED else 0


def _verdict(made: Rehearsal) -> str:
    if not made.minutes:
        return _("There are no stored minutes of this symbol to try it on.")
    words = {"least": made.least, "most": made.most}
    if made.is_estimate and made.least == made.most:
        return (
            ngettext("It would have fired about once.", "It would have fired about %(most)d times.", made.most) % words
        )
    if made.is_estimate:
        return _("It would have fired about %(least)d to %(most)d times.") % words
    if not made.most:
        return _("It would not have fired.")
    if made.least == made.most:
        return (
            ngettext("It would have fired at least once.", "It would have fired at least %(most)d times.", made.most)
            % words
        )
    return _("It would have fired at least %(least)d times, by its candles at most %(most)d.") % words


def _period(first_ms: int, made: Rehearsal, source: str) -> str:
    words = {
        "from": zoned_ms(first_ms, "minutes"),
        "to": zoned_ms(made.end_ms, "minutes"),
        "minutes": made.minutes,
        "source": source,
    }
    return _("%(from)s to %(to)s: %(minutes)d minutes of %(source)s.") % words


def _notes(row: AlertRule, made: Rehearsal, asked: list[Candle], span: tuple[int, int]) -> Iterator[str]:
    if not made.minutes:
        return
    yield _("Played on candles of a minute: when it fired is known to the minute, not to the second.")
    if made.is_estimate:
        yield _("Where in its minute a price came decides here, and no candle tells that: this is an estimate.")
    elif made.most:
        yield _(
            "A candle does not say whether its high or its low came first, so both orders are counted; a price that "
            "trembled within a minute may have fired more often."
        )
    if row.condition in CHANGE:
        yield _("The change of 24 hours is reckoned from the candles, not the exchange's own.")
    if missing := (span[1] - span[0]) // MINUTE_MS - len(asked):
        yield ngettext("%(count)d minute is not stored.", "%(count)d minutes are not stored.", missing) % {
            "count": missing
        }
    if made.left:
        words = {"count": made.left}
        yield (
            ngettext(
                "%(count)d minute was not tried: it took too long.",
                "%(count)d minutes were not tried: it took too long.",
                made.left,
            )
            % words
        )


def _line(fired: FiredMinute, digits: int) -> FiredLine:
    least, most = fired.least, fired.most
    return FiredLine(
        at=zoned_ms(fired.candle.open_ms, "minutes"),
        low=_price(fired.candle.low, digits),
        high=_price(fired.candle.high, digits),
        times=str(most) if least == most else f"{least}–{most}",
    )


def _price(price: Decimal, digits: int) -> str:
    return display.price(number_text(price), digits)


def _digits(watched: WatchedSymbol) -> int:
    if not watched.tick_size:
        return 0
    exponent = watched.tick_size.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
