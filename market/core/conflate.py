"""Conflation: the newest quote per symbol; the first change leaves at once, then one batch per window."""

from market.core.quote import Quote


class Conflator:
    """Times are monotonic seconds, passed in. Keys are (exchange, symbol)."""

    def __init__(self, window: float) -> None:
        self._window = window
        self._pending: dict[tuple[str, str], Quote] = {}
        self._left_at = float("-inf")
        self.merged = 0  # quotes replaced by a newer one before they left

    def __len__(self) -> int:
        return len(self._pending)

    def offer(self, quote: Quote) -> None:
        """Hold `quote` until the next batch, in place of an older one of its symbol."""
        key = (quote.exchange, quote.symbol)
        if key in self._pending:
            self.merged += 1
        self._pending[key] = quote

    def drop(self, exchange: str, symbol: str) -> None:
        """Hold nothing of a symbol any longer."""
        self._pending.pop((exchange, symbol), None)

    def due_in(self, now: float) -> float | None:
        """Seconds until the held quotes may leave (0: now); None when nothing is held."""
        if not self._pending:
            return None
        return max(0.0, self._left_at + self._window - now)

    def take(self, now: float) -> list[Quote]:
        """Everything held, and a new window begins."""
        batch = list(self._pending.values())
        self._pending.clear()
        self._left_at = now
        return batch
