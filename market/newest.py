"""The newest price of a symbol that this process has, or why there is none, for pages of the admin."""

from django.utils.translation import gettext

from market.core.line import NEVER
from market.core.messages import DOWN, STALE
from market.core.wire import WireQuote
from market.models import WatchedSymbol
from market.phrases import phrase
from market.relay import current


def newest_quote(watched: WatchedSymbol) -> WireQuote | None:
    """None where nothing was heard of it: no feed yet, not watched, or a process without a relay."""
    key = (watched.exchange, watched.symbol)
    return next((line.quote for line in current().hub.newer(frozenset({key}), NEVER)), None)


def no_data_of(watched: WatchedSymbol | None) -> str:
    """Why no price of it (None: of anything) can be judged now, as far as this process hears; empty where one can."""
    feed = current().hub.feed.state
    if feed.feed in (STALE, DOWN):
        return gettext("prices are %(state)s, %(reason)s") % {"state": phrase(feed.feed), "reason": phrase(feed.reason)}
    if watched is None:
        return ""
    if watched.halted or watched.symbol in feed.halted:
        return gettext("the exchange does not trade it now")
    if watched.symbol in feed.silent:
        return gettext("no updates of it come")
    return "" if newest_quote(watched) else gettext("no price of it has come yet")
