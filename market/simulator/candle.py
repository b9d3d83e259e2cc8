"""A candle, and the unit of its numbers: integers in units of 1e-8, which is how many decimals Binance prints."""

from dataclasses import dataclass
from decimal import Decimal

UNITS = 10**8


def units(value: Decimal) -> int:
    """`value` in units of 1e-8. Raises ValueError when it has more decimals than that."""
    scaled = value * UNITS
    if scaled != scaled.to_integral_value():
        raise ValueError(f"more than 8 decimals: {value}")
    return int(scaled)


@dataclass(slots=True)
class Candle:
    """Open, high, low, close, volumes (`taken`: by takers who bought) and trades from `open_ms` on."""

    open_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: int = 0
    quote_volume: int = 0
    trades: int = 0
    taken: int = 0
    taken_quote: int = 0

    def add(self, other: "Candle") -> None:
        """Grow by a later candle."""
        self.high = max(self.high, other.high)
        self.low = min(self.low, other.low)
        self.close = other.close
        self.volume += other.volume
        self.quote_volume += other.quote_volume
        self.trades += other.trades
        self.taken += other.taken
        self.taken_quote += other.taken_quote
