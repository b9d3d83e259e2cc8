"""The newest that is known of one symbol."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

# Every number a quote can hold, in the order clients see them. The first two are in every message about a symbol.
NUMBERS = (
    "price",
    "change_24h",
    "open_24h",
    "high_24h",
    "low_24h",
    "volume_24h",
    "quote_volume_24h",
    "bid",
    "ask",
)

# Venues give the change in percent with three decimals; what we compute has the same digits.
PERCENT_STEP = Decimal("0.001")

SOURCES = ("binance", "simulator", "replay", "test")


@dataclass(frozen=True, slots=True)
class Quote:
    """`numbers` maps names of NUMBERS to exact decimals and always has `price`.

    `time_ms` is the exchange's event time (ms since 1970 UTC). `source` is one of SOURCES. `trade_id` is the venue's id
    of the last trade behind the price, where it gives one: the order of what happened within one millisecond.
    """

    exchange: str
    symbol: str
    source: str
    time_ms: int
    numbers: Mapping[str, Decimal]
    trade_id: int | None = None

    @property
    def price(self) -> Decimal:
        return self.numbers["price"]

    @property
    def change_24h(self) -> Decimal | None:
        return self.numbers.get("change_24h")


def percent_change(price: Decimal, opening: Decimal) -> Decimal | None:
    """Change from `opening` to `price` in percent; None when there was no opening price."""
    if not opening:
        return None
    return ((price - opening) / opening * 100).quantize(PERCENT_STEP, rounding=ROUND_HALF_EVEN)
