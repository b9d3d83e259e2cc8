"""One venue message about one symbol: what an exchange adapter makes of a frame."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum


class Kind(IntEnum):
    """Which stream a tick came from; each has an order of its own."""

    TICKER = 0
    MINI = 1
    TRADE = 2
    BOOK = 3


@dataclass(frozen=True, slots=True)
class Tick:
    """A partial update of a quote.

    `order` counts up within (symbol, kind): event time for tickers, update id for the book, trade id for trades.
    `trade_id` is the venue's last trade id behind `numbers["price"]`, where the venue gives one; it orders prices
    across kinds. `time_ms` is the exchange's event time in ms since 1970 UTC; the book stream has none.
    `numbers` maps names of `quote.NUMBERS` to exact decimals, and holds only what the message said. `quantity` is that
    of a trade, in the base asset.
    """

    symbol: str
    kind: Kind
    order: int
    numbers: Mapping[str, Decimal]
    time_ms: int | None = None
    trade_id: int | None = None
    quantity: Decimal | None = None
