"""Which symbols are watched, and what clients may call them."""

from collections.abc import Iterable

from market.core.messages import DEFAULT_EXCHANGE

Key = tuple[str, str]


class WatchedNames:
    """A bare name means the default exchange, or the only one that has it; `exchange:SYMBOL` names one exactly."""

    def __init__(self) -> None:
        self.order: tuple[Key, ...] = ()
        self.keys: frozenset[Key] = frozenset()
        self._by_name: dict[str, Key] = {}

    def set(self, keys: Iterable[Key]) -> None:
        self.order = tuple(keys)
        self.keys = frozenset(self.order)
        by_name: dict[str, Key] = {}
        for exchange, symbol in self.order:
            by_name[f"{exchange}:{symbol}"] = (exchange, symbol)
            if exchange == DEFAULT_EXCHANGE or symbol not in by_name:
                by_name[symbol] = (exchange, symbol)
        self._by_name = by_name

    def resolve(self, names: Iterable[str]) -> tuple[frozenset[Key], list[str]]:
        """The keys of `names`, and the names that are not watched, in their order."""
        found: set[Key] = set()
        unknown: list[str] = []
        for name in names:
            key = self._by_name.get(_normal(name))
            if key is None:
                unknown.append(name)
            else:
                found.add(key)
        return frozenset(found), unknown

    def name(self, key: Key) -> str:
        """The shortest name that means `key`."""
        exchange, symbol = key
        return symbol if self._by_name.get(symbol, key) == key else f"{exchange}:{symbol}"

    def difference(self, before: frozenset[Key]) -> tuple[list[str], list[str]]:
        """Names added and removed since the set was `before`."""
        added = [self.name(key) for key in self.order if key not in before]
        removed = [self.name(key) for key in sorted(before - self.keys)]
        return added, removed


def _normal(name: str) -> str:
    exchange, colon, symbol = name.strip().rpartition(":")
    return f"{exchange.lower()}{colon}{symbol.upper()}"
