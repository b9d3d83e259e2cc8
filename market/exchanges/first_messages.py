"""Which subscribed symbols have not been heard of: Binance acknowledges a symbol it does not have, and is silent."""

from collections.abc import Iterable


class FirstMessages:
    """Times are monotonic seconds, passed in."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._watched: frozenset[str] = frozenset()
        self._unheard: dict[str, float] = {}  # symbol -> the moment from which it is overdue
        self.silent: frozenset[str] = frozenset()

    def watch(self, symbols: Iterable[str], now: float) -> None:
        """These symbols are subscribed; those that were not before get until `limit` seconds from now."""
        watched = frozenset(symbols)
        for symbol in watched - self._watched:
            self._unheard[symbol] = now + self._limit
        for symbol in self._watched - watched:
            self._unheard.pop(symbol, None)
        self._watched = watched
        self.silent &= watched

    def restart(self, now: float) -> None:
        """A new connection after an outage: everybody has to say something again."""
        for symbol in self._watched - self.silent:
            self._unheard[symbol] = now + self._limit

    def heard(self, symbol: str) -> bool:
        """A message about `symbol` came. True when it was overdue."""
        if self._unheard.pop(symbol, None) is None or symbol not in self.silent:
            return False
        self.silent -= {symbol}
        return True

    def check(self, now: float) -> bool:
        """Look for overdue symbols. True when `silent` changed."""
        silent = frozenset(symbol for symbol, moment in self._unheard.items() if moment <= now)
        changed, self.silent = silent != self.silent, silent
        return changed
