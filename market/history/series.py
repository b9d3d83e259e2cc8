"""Whose candles: one row for each exchange, symbol and source."""

from collections.abc import Collection, Iterable

from django.db.models import F, OuterRef, Subquery

from market.core.interval import Interval
from market.models import Candle, CandleSeries

Key = tuple[str, str]  # exchange, symbol


def series_of(exchange: str, symbol: str, source: str) -> CandleSeries | None:
    """None where no candle was ever stored."""
    return CandleSeries.objects.filter(exchange=exchange, symbol=symbol, source=source).first()


def ids_of(keys: Collection[Key], source: str) -> dict[Key, int]:
    """The known ones among `keys`."""
    symbols = {symbol for _, symbol in keys}
    rows = CandleSeries.objects.filter(source=source, symbol__in=symbols).values_list("exchange", "symbol", "id")
    return {(exchange, symbol): number for exchange, symbol, number in rows if (exchange, symbol) in keys}


def created_ids(keys: Collection[Key], source: str) -> dict[Key, int]:
    """Of all of `keys`: those that are new get a row."""
    ids = ids_of(keys, source)
    if new := [key for key in keys if key not in ids]:
        rows = [CandleSeries(exchange=exchange, symbol=symbol, source=source) for exchange, symbol in new]
        CandleSeries.objects.bulk_create(rows, ignore_conflicts=True)
        ids = ids_of(keys, source)
    return ids


def newest_minutes(ids: Iterable[int]) -> dict[int, int | None]:
    """When the newest stored minute of each series opened; one step in the index for each."""
    minutes = Candle.objects.filter(series=OuterRef("pk"), interval=Interval.M1).order_by("-open_time")
    newest = Subquery(minutes.values("open_time")[:1])
    return dict(CandleSeries.objects.filter(pk__in=list(ids)).annotate(newest=newest).values_list("pk", "newest"))


def note_change(ids: Iterable[int]) -> None:
    """Whoever has read them has to read again."""
    CandleSeries.objects.filter(pk__in=list(ids)).update(changes=F("changes") + 1)


def oldest(exchange: str, symbol: str, source: str, interval: Interval) -> int | None:
    """When the oldest stored candle of a stored interval opened."""
    key = (exchange, symbol)
    series = ids_of([key], source).get(key)
    rows = Candle.objects.filter(series=series, interval=interval).order_by("open_time")
    return None if series is None else rows.values_list("open_time", flat=True).first()
