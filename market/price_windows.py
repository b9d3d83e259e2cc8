"""Windows of prices as rows, so that rules of moves go on after a restart where they were."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from market import bulk_rows
from market.core.window import Kept
from market.finding import Written
from market.models import PriceWindow

FIELDS = ("source", "since_ms", "until_ms", "until_id", "highs", "lows")

Place = tuple[int, int]  # id of the watched symbol, length in ms


def read_windows(places: Iterable[Place]) -> Iterator[tuple[Place, Kept]]:
    """Those of these places that are kept."""
    wanted = set(places)
    rows = PriceWindow.objects.filter(window_ms__in={length for _, length in wanted})
    for row in rows if wanted else ():
        if (row.watched_id, row.window_ms) in wanted:
            highs, lows = _extremes(row.highs), _extremes(row.lows)
            kept = Kept(row.source, row.since_ms, row.until_ms, row.until_id, highs, lows)
            yield (row.watched_id, row.window_ms), kept


def write_windows(windows: Sequence[tuple[Place, Kept]]) -> Written:
    """Keep these instead of what was kept before."""
    rows = [(*place, *_values(kept)) for place, kept in windows]
    bulk_rows.put(PriceWindow, ("watched_id", "window_ms", *FIELDS), rows, unique=("watched_id", "window_ms"))
    return Written()


def _values(kept: Kept) -> Iterator[Any]:
    for name in FIELDS:
        value = getattr(kept, name)
        yield [[part, str(price)] for part, price in value] if name in ("highs", "lows") else value


def _extremes(rows: Iterable[tuple[int, str]]) -> tuple[tuple[int, Decimal], ...]:
    return tuple((part, Decimal(price)) for part, price in rows)
