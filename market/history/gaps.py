"""What is missing: found, and marked where it never comes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from market.core.candle import Candle
from market.core.interval import MINUTE_MS, Interval
from market.history.series import created_ids, ids_of, note_change
from market.models import CandleGap

# Before and after the holes: a row for each minute whose next one is not there.
_HOLES = """
SELECT open_time, following FROM (
 SELECT open_time, LEAD(open_time) OVER (ORDER BY open_time) AS following FROM market_candle
 WHERE series_id = %s AND "interval" = %s AND open_time >= %s AND open_time < %s
) AS minutes WHERE following IS NULL OR following > open_time + %s ORDER BY open_time
"""

Span = tuple[int, int]  # ms since 1970: from, up to


@dataclass(frozen=True, slots=True)
class Gap:
    """Minutes from `start_ms` up to `end_ms` that never come; `reason` is one of models.GapReason."""

    start_ms: int
    end_ms: int
    reason: str


def missing(exchange: str, symbol: str, source: str, *, start_ms: int, end_ms: int) -> list[Span]:
    """The stretches of minutes in a range that are neither stored nor marked, oldest first."""
    start_ms, end_ms = Interval.M1.ceil(start_ms), Interval.M1.floor(end_ms)
    series = ids_of([(exchange, symbol)], source).get((exchange, symbol))
    if series is None:
        return [(start_ms, end_ms)] if start_ms < end_ms else []
    holes = _holes(series, start_ms, end_ms)
    marked = marked_in(series, start_ms, end_ms)
    return without(holes, [(gap.start_ms, gap.end_ms) for gap in marked])


def mark(exchange: str, symbol: str, source: str, gaps: Iterable[Gap]) -> None:
    """These never come. Minutes that are stored meanwhile are left out; marks that meet become one."""
    with transaction.atomic():
        series = created_ids([(exchange, symbol)], source)[exchange, symbol]
        for gap in gaps:
            for start, end in _holes(series, gap.start_ms, gap.end_ms):
                _mark(series, Gap(start, end, gap.reason))
        note_change([series])


def unmark(candles: Mapping[int, Sequence[Candle]]) -> None:
    """These minutes came after all. `candles` by series."""
    first = min(each.open_ms for minutes in candles.values() for each in minutes)
    last = max(each.open_ms for minutes in candles.values() for each in minutes)
    near = CandleGap.objects.filter(series__in=list(candles), end__gt=first, start__lte=last)
    for row in list(near):
        came = [(each.open_ms, each.open_ms + MINUTE_MS) for each in candles[row.series_id]]
        left = without([(row.start, row.end)], came)
        if left != [(row.start, row.end)]:
            row.delete()
            marks = [CandleGap(series_id=row.series_id, start=a, end=b, reason=row.reason) for a, b in left]
            CandleGap.objects.bulk_create(marks)


def forget_marks(exchange: str, symbol: str, source: str, *, start_ms: int, end_ms: int) -> None:
    """Ask again about what the venue did not have."""
    series = ids_of([(exchange, symbol)], source).get((exchange, symbol))
    if series is None:
        return
    with transaction.atomic():
        for gap in marked_in(series, start_ms, end_ms):
            CandleGap.objects.filter(series=series, start=gap.start_ms).delete()
            for start, end in without([(gap.start_ms, gap.end_ms)], [(start_ms, end_ms)]):
                CandleGap.objects.create(series_id=series, start=start, end=end, reason=gap.reason)


def marks(exchange: str, symbol: str, source: str, *, start_ms: int, end_ms: int) -> list[Gap]:
    """The marks that touch a range, oldest first."""
    series = ids_of([(exchange, symbol)], source).get((exchange, symbol))
    return [] if series is None else marked_in(series, start_ms, end_ms)


def marked_in(series: int, start_ms: int, end_ms: int) -> list[Gap]:
    """The marks that touch a range, oldest first, whole."""
    rows = CandleGap.objects.filter(series=series, end__gt=start_ms, start__lt=end_ms).order_by("start")
    return [Gap(*row) for row in rows.values_list("start", "end", "reason")]


def without(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """`spans` without what lies in any of `taken`; in order."""
    left = sorted(spans)
    for start, end in sorted(taken):
        left = [part for a, b in left for part in ((a, min(b, start)), (max(a, end), b)) if part[0] < part[1]]
    return left


def _holes(series: int, start_ms: int, end_ms: int) -> list[Span]:
    """Stretches without rows, whether marked or not."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLES, [series, Interval.M1.value, start_ms, end_ms, MINUTE_MS])
        edges: list[tuple[int, int | None]] = cursor.fetchall()
    if not edges:
        return [(start_ms, end_ms)] if start_ms < end_ms else []
    holes = [(start_ms, _first(series, start_ms, end_ms))]
    holes += [(last + MINUTE_MS, end_ms if following is None else following) for last, following in edges]
    return [(start, end) for start, end in holes if start < end]


def _first(series: int, start_ms: int, end_ms: int) -> int:
    query = """SELECT MIN(open_time) FROM market_candle WHERE series_id = %s AND "interval" = %s
        AND open_time >= %s AND open_time < %s"""
    with connection.cursor() as cursor:
        cursor.execute(query, [series, Interval.M1.value, start_ms, end_ms])
        first: int = cursor.fetchone()[0]
    return first


def _mark(series: int, gap: Gap) -> None:
    """Together with what it meets of the same reason; what it overlaps of another keeps its own."""
    near = marked_in(series, gap.start_ms - 1, gap.end_ms + 1)
    same = [each for each in near if each.reason == gap.reason]
    others = [(each.start_ms, each.end_ms) for each in near if each.reason != gap.reason]
    whole = (min([gap.start_ms, *(each.start_ms for each in same)]), max([gap.end_ms, *(each.end_ms for each in same)]))
    CandleGap.objects.filter(series=series, start__in=[each.start_ms for each in same]).delete()
    for start, end in without([whole], others):
        CandleGap.objects.create(series_id=series, start=start, end=end, reason=gap.reason)
