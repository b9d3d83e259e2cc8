"""Binance frames made for tests: they satisfy what is true of real ones (n = L-F+1, p = c-o, C-O = one day)."""

import json
from decimal import Decimal
from typing import Any

NOON_MS = 1_768_046_400_000
DAY_MS = 86_400_000
EIGHT = Decimal("1.00000000")


def ticker_fields(
    symbol: str = "BTCUSDT", *, at: int = 0, price: str = "100", trade: int = 1_000, opening: str = "80"
) -> dict[str, Any]:
    """A `24hrTicker` sent `at` ms after noon, when `trade` was the last one."""
    last, first = Decimal(price).quantize(EIGHT), Decimal(opening).quantize(EIGHT)
    high, low = max(last, first), min(last, first)
    return {
        "e": "24hrTicker",
        "E": NOON_MS + at,
        "s": symbol,
        "p": str(last - first),
        "P": str(((last - first) / first * 100).quantize(Decimal("0.001"))),
        "w": str(first),
        "x": str(first),
        "c": str(last),
        "Q": "1.00000000",
        "b": str(last),
        "B": "2.00000000",
        "a": str(last),
        "A": "3.00000000",
        "o": str(first),
        "h": str(high),
        "l": str(low),
        "v": "10.00000000",
        "q": str(first * 10),
        "O": NOON_MS + at - DAY_MS,
        "C": NOON_MS + at,
        "F": trade - 9,
        "L": trade,
        "n": 10,
    }


def ticker(symbol: str = "BTCUSDT", *, at: int = 0, price: str = "100", trade: int = 1_000, opening: str = "80") -> str:
    return combined(f"{symbol.lower()}@ticker", ticker_fields(symbol, at=at, price=price, trade=trade, opening=opening))


def trade(symbol: str = "BTCUSDT", *, at: int = 0, price: str = "100", number: int = 1_000) -> str:
    fields = {
        "e": "trade",
        "E": NOON_MS + at,
        "s": symbol,
        "t": number,
        "p": str(Decimal(price).quantize(EIGHT)),
        "q": "1.00000000",
        "T": NOON_MS + at,
        "m": True,
        "M": True,
    }
    return combined(f"{symbol.lower()}@trade", fields)


def book(symbol: str = "BTCUSDT", *, update: int = 1, bid: str = "99", ask: str = "101") -> str:
    fields = {"u": update, "s": symbol, "b": bid, "B": "1.00000000", "a": ask, "A": "1.00000000"}
    return combined(f"{symbol.lower()}@bookTicker", fields)


def combined(stream: str, data: Any) -> str:
    return json.dumps({"stream": stream, "data": data}, ensure_ascii=False)


SHUTDOWN = combined("!serverShutdown", {"e": "serverShutdown", "E": NOON_MS})
