"""How a quote is written for clients: exact numbers, UTC times, one text per set of fields."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from market.core.quote import NUMBERS, Quote

ALWAYS = NUMBERS[:2]  # price and change are in every message about a symbol
OPTIONAL = NUMBERS[2:]  # the others only in a snapshot and when they changed
EVERY_FIELD = (1 << len(OPTIONAL)) - 1


def number_text(number: Decimal) -> str:
    """A JSON number with the exact digits: never an exponent, no trailing zeros, no minus zero.

    Raises ValueError for NaN and infinity, which JSON cannot say.
    """
    if not number.is_finite():
        raise ValueError(f"{number} is not a JSON number")
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def time_text(time_ms: int) -> str:
    """`2026-01-10T07:15:00.123Z` of ms since 1970."""
    seconds, millis = divmod(time_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{millis:03d}Z"


@dataclass(frozen=True, slots=True)
class WireQuote:
    """A quote as it crosses the channel layer: the same as Quote with its numbers already in JSON text."""

    exchange: str
    symbol: str
    source: str
    time_ms: int
    numbers: Mapping[str, str]

    @classmethod
    def of(cls, quote: Quote) -> "WireQuote":
        numbers = {name: number_text(number) for name, number in quote.numbers.items()}
        return cls(quote.exchange, quote.symbol, quote.source, quote.time_ms, numbers)

    def json(self, mask: int = EVERY_FIELD) -> str:
        """The client's quote object; bit i of `mask` lets OPTIONAL[i] in. Absent numbers are left out."""
        head = f'{{"symbol":{json.dumps(self.symbol, ensure_ascii=False)},"exchange":"{self.exchange}"'
        names = ALWAYS + tuple(name for bit, name in enumerate(OPTIONAL) if mask >> bit & 1)
        numbers = "".join(f',"{name}":{self.numbers[name]}' for name in names if name in self.numbers)
        return f'{head}{numbers},"timestamp":"{time_text(self.time_ms)}","source":"{self.source}"}}'
