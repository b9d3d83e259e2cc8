"""What is kept for how long."""

from collections.abc import Iterator, Mapping

from django.db import connection

from market.core.interval import Interval
from market.history.series import note_change
from market.models import CandleGap, CandleSeries

AT_ONCE = 5_000  # rows in a transaction: other writers get their turn


def prune(keep_days: Mapping[Interval, int], *, now_ms: int) -> Iterator[int]:
    """Delete the rows of each stored interval that are older than so many days (0: none is); the number of each step.

    Whole days only, so that no longer candle is ever made of what is left of a day. A step is a transaction.
    """
    for series in list(CandleSeries.objects.values_list("pk", flat=True)):
        deleted = 0
        for interval, days in keep_days.items():
            before = Interval.D1.floor(now_ms - days * Interval.D1.ms)
            while days and (step := _delete(series, interval, before)):
                deleted += step
                yield step
        days = keep_days.get(Interval.M1, 0)
        if days:
            before = Interval.D1.floor(now_ms - days * Interval.D1.ms)
            deleted += CandleGap.objects.filter(series=series, end__lte=before).delete()[0]
        if deleted:
            note_change([series])


def _delete(series: int, interval: Interval, before: int) -> int:
    """The oldest AT_ONCE of them."""
    rows = """SELECT id FROM market_candle WHERE series_id = %s AND "interval" = %s AND open_time < %s
        ORDER BY open_time LIMIT %s"""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM market_candle WHERE id IN ({rows})", [series, interval.value, before, AT_ONCE])
        deleted: int = cursor.rowcount
        return deleted
