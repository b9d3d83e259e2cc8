"""What the feed notes: that prices live, when each symbol was heard, what the exchange says. Sync, for a thread."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Q

from market.exchanges.base import SymbolInfo
from market.models import INFO_FIELDS, FeedSign, SymbolState, WatchedSymbol


def note_seen(times: Mapping[tuple[str, str], tuple[datetime | None, datetime]]) -> None:
    """Keep (first seen, last seen) of each (exchange, symbol); aware UTC. Three queries, whatever the number.

    The first time ever stays. What is not watched any more is left out.
    """
    states = [
        SymbolState(watched=row, first_seen=first or last, last_seen=last)
        for row in _rows(times)
        for first, last in [times[row.exchange, row.symbol]]
    ]
    SymbolState.objects.bulk_create(
        states, update_conflicts=True, unique_fields=["watched"], update_fields=["last_seen"]
    )


def note_alive(exchange: str, at: datetime) -> None:
    """Prices of this exchange are alive; aware UTC."""
    signs = [FeedSign(exchange=exchange, at=at)]
    FeedSign.objects.bulk_create(signs, update_conflicts=True, unique_fields=["exchange"], update_fields=["at"])


def note_info(exchange: str, infos: Iterable[SymbolInfo]) -> int:
    """Save what the exchange says of watched symbols where it is new; the number of rows that changed."""
    known = {info.symbol: info for info in infos}
    rows = _rows((exchange, symbol) for symbol in known)
    changed = [row for row in rows if row.take(known[row.symbol])]
    if changed:
        WatchedSymbol.objects.bulk_update(changed, INFO_FIELDS)
    return len(changed)


def _rows(keys: Iterable[tuple[str, str]]) -> list[WatchedSymbol]:
    """The watched ones among (exchange, symbol)."""
    symbols: dict[str, list[str]] = {}
    for exchange, symbol in keys:
        symbols.setdefault(exchange, []).append(symbol)
    chosen = Q(pk__in=[])
    for exchange, names in symbols.items():
        chosen |= Q(exchange=exchange, symbol__in=names)
    return list(WatchedSymbol.objects.filter(chosen))
