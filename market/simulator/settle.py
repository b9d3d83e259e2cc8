"""What the newest recorded messages say about a symbol, so that REST agrees with the streams of a replay."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from market.simulator.candle import units
from market.simulator.walk import Walk

TICKER_FIELDS = {
    "c": "price",
    "o": "open",
    "h": "high",
    "l": "low",
    "v": "volume",
    "q": "quote_volume",
    "x": "opened_before",
    "Q": "quantity",
}
BOOK_FIELDS = {"b": "bid", "B": "bid_quantity", "a": "ask", "A": "ask_quantity"}
NUMBER_FIELDS = {"F": "first_id", "L": "last_id", "C": "close_ms", "T": "close_ms", "t": "last_id"}


def settle(walk: Walk, kind: str, payload: bytes) -> None:
    """Take the numbers of one recorded payload of stream kind `kind` over into `walk`."""
    message: Mapping[str, Any] = json.loads(payload)
    match kind:
        case "ticker":
            _take_prices(walk, message, TICKER_FIELDS | BOOK_FIELDS)
            _take_numbers(walk, message, ("F", "L", "C"))
        case "miniTicker":
            _take_prices(walk, message, TICKER_FIELDS)
        case "trade":
            _take_prices(walk, message, {"p": "price", "q": "quantity"})
            _take_numbers(walk, message, ("t", "T"))
        case "aggTrade":
            _take_prices(walk, message, {"p": "price", "q": "quantity"})
            _take_numbers(walk, message, ("T",))
        case "bookTicker":
            _take_prices(walk, message, BOOK_FIELDS)
    walk.high, walk.low = max(walk.high, walk.price), min(walk.low, walk.price)
    walk.first_id = min(walk.first_id, walk.last_id)


def _take_prices(walk: Walk, message: Mapping[str, Any], names: Mapping[str, str]) -> None:
    for key, name in names.items():
        if key in message:
            setattr(walk, name, units(Decimal(message[key])))


def _take_numbers(walk: Walk, message: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    for key in keys:
        if key in message:
            setattr(walk, NUMBER_FIELDS[key], int(message[key]))
