"""The newest price of a symbol that this process has, for pages of the admin."""

from market.core.line import NEVER
from market.core.wire import WireQuote
from market.models import WatchedSymbol
from market.relay import current


def newest_quote(watched: WatchedSymbol) -> WireQuote | None:
    """None where nothing was heard of it: no feed yet, not watched, or a process without a relay."""
    key = (watched.exchange, watched.symbol)
    return next((line.quote for line in current().hub.newer(frozenset({key}), NEVER)), None)
