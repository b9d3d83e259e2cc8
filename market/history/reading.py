"""Candles of any interval, read from the longest rows that they can be made of."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db import connection

from market.core.candle import Candle, aggregate
from market.core.interval import MINUTE_MS, Interval
from market.history.gaps import Gap, marked_in
from market.history.series import Key, ids_of, newest_minutes, series_of
from market.history.writing import COLUMNS, candle_of
from market.models import STORED

FAR_FUTURE = 2**62


@dataclass(frozen=True, slots=True)
class History:
    """Candles oldest first, the last one not `closed` while its time is not over as far as minutes are stored.

    `gaps` are what never comes, of the same stretch. `complete`: nothing else is missing, so nothing is being loaded.
    """

    candles: Sequence[Candle]
    gaps: Sequence[Gap]
    complete: bool


@dataclass(frozen=True, slots=True)
class _Range:
    series: int
    start_ms: int
    end_ms: int
    limit: int
    newest_first: bool


def read(
    exchange: str,
    symbol: str,
    source: str,
    interval: Interval,
    *,
    start_ms: int | None = None,
    end_ms: int | None = None,
    limit: int = 500,
) -> History:
    """At most `limit` candles that open from `start_ms` on, before `end_ms`: the oldest of them; without `start_ms`
    the newest. Two to five short queries.
    """
    series = ids_of([(exchange, symbol)], source).get((exchange, symbol))
    if series is None:
        return History((), (), complete=False)
    start = interval.ceil(start_ms or 0)
    end = interval.ceil(end_ms) if end_ms is not None else FAR_FUTURE
    wanted = _Range(series, start, end, limit, newest_first=start_ms is None)
    newest = newest_minutes([series])[series]
    return _history(wanted, interval, newest)


def latest_change(exchange: str, symbol: str, source: str) -> str:
    """Another text whenever any candle or gap of the series has changed; one query."""
    series = series_of(exchange, symbol, source)
    return "none" if series is None else f"{series.pk}-{series.changes}"


def closes(
    source: str, keys: Collection[Key], *, interval: Interval, start_ms: int
) -> dict[Key, list[tuple[int, Decimal]]]:
    """(opening time, closing price) of each candle from `start_ms` on, oldest first, in one query for all.

    Of stored candles only: that of the running interval is not among them, nor are symbols without any.
    """
    ids = {number: key for key, number in ids_of(keys, source).items()}
    if not ids:
        return {}
    places = ", ".join(["%s"] * len(ids))
    query = f"""SELECT series_id, open_time, close FROM market_candle WHERE series_id IN ({places}) AND "interval" = %s
        AND open_time >= %s ORDER BY series_id, open_time"""
    with connection.cursor() as cursor:
        cursor.execute(query, [*ids, base_of(interval).value, interval.ceil(start_ms)])
        rows = cursor.fetchall()
    return {ids[number]: _last_of_each(list(each), interval) for number, each in groupby(rows, key=lambda row: row[0])}


def base_of(interval: Interval) -> Interval:
    """The longest stored interval that `interval` is made of."""
    return max((each for each in STORED if interval.ms % each.ms == 0), key=lambda each: each.ms)


def _last_of_each(rows: Sequence[tuple[int, int, Any]], interval: Interval) -> list[tuple[int, Decimal]]:
    last = {interval.floor(open_ms): close for _, open_ms, close in rows}
    return [(open_ms, Decimal(close)) for open_ms, close in last.items()]


def _history(wanted: _Range, interval: Interval, newest: int | None) -> History:
    base = base_of(interval)
    rows = _rows(wanted, base, wanted.limit * (interval.ms // base.ms))
    until = rows[-1][0].open_ms + base.ms if rows else 0
    if newest is not None:
        until = max(until, newest + MINUTE_MS)
        rows = _with_tail(rows, wanted, base, newest)
    candles = _limited(aggregate((candle for candle, _ in rows), interval), wanted)
    if not candles:
        return History((), _gaps(wanted, (0, 0)), complete=False)
    candles = [replace(each, closed=each.open_ms + interval.ms <= until) for each in candles]
    stretch = (candles[0].open_ms, min(candles[-1].open_ms + interval.ms, until))
    gaps = _gaps(wanted, stretch)
    held = sum(minutes for candle, minutes in rows if stretch[0] <= candle.open_ms < stretch[1])
    is_whole = held + _minutes(gaps, stretch) >= (stretch[1] - stretch[0]) // MINUTE_MS
    return History(candles, gaps, complete=is_whole and newest is not None)  # without a minute they are on their way


def _rows(wanted: _Range, interval: Interval, limit: int) -> list[tuple[Candle, int]]:
    """Rows of one stored interval with the number of minutes in each, oldest first."""
    order = "DESC" if wanted.newest_first else "ASC"
    query = f"""SELECT {COLUMNS} FROM market_candle WHERE series_id = %s AND "interval" = %s
        AND open_time >= %s AND open_time < %s ORDER BY open_time {order} LIMIT %s"""
    with connection.cursor() as cursor:
        cursor.execute(query, [wanted.series, interval.value, wanted.start_ms, wanted.end_ms, limit])
        rows = cursor.fetchall()
    return [(candle_of(row), row[-1]) for row in (reversed(rows) if wanted.newest_first else rows)]


def _with_tail(rows: list[tuple[Candle, int]], wanted: _Range, base: Interval, newest: int) -> list[tuple[Candle, int]]:
    """And the running candle of `base`, which is no row yet: of shorter ones, the longest first."""
    known = {candle.open_ms for candle, _ in rows}
    opened = base.floor(newest + MINUTE_MS)
    if base is Interval.M1 or opened in known or not wanted.start_ms <= opened < wanted.end_ms:
        return rows
    parts: list[tuple[Candle, int]] = []
    start = opened
    for part in sorted((each for each in STORED if each.ms < base.ms), key=lambda each: -each.ms):
        end = part.floor(newest + MINUTE_MS)
        if start < end:
            parts += _rows(_Range(wanted.series, start, end, 0, newest_first=False), part, end - start)
        start = max(start, end)
    return rows + parts


def _limited(candles: list[Candle], wanted: _Range) -> list[Candle]:
    return candles[-wanted.limit :] if wanted.newest_first else candles[: wanted.limit]


def _gaps(wanted: _Range, stretch: tuple[int, int]) -> list[Gap]:
    """Within what was asked for; where that is open, within what was found, and a mark that reaches into it."""
    start = wanted.start_ms or stretch[0]
    end = stretch[1] if wanted.end_ms == FAR_FUTURE else wanted.end_ms
    return marked_in(wanted.series, start, end) if start < end else []


def _minutes(gaps: Sequence[Gap], stretch: tuple[int, int]) -> int:
    ends = ((max(gap.start_ms, stretch[0]), min(gap.end_ms, stretch[1])) for gap in gaps)
    return sum(max(0, end - start) for start, end in ends) // MINUTE_MS
