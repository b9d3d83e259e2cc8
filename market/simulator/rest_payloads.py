"""The JSON values of the REST answers, made from a walk (source: binance-spot-api-docs, rest-api.md)."""

from typing import Any

from market.simulator.candle import UNITS
from market.simulator.market import Listing
from market.simulator.payloads import DAY_MS, decimal8, percent3

RATE_LIMITS = (
    {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000},
    {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100},
    {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 200000},
    {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 61000},
)


def exchange_info(symbols: list[dict[str, Any]], *, now_ms: int) -> dict[str, Any]:
    """`{"timezone":"UTC","serverTime":..,"rateLimits":[..],"exchangeFilters":[],"symbols":[..]}`"""
    return {
        "timezone": "UTC",
        "serverTime": now_ms,
        "rateLimits": RATE_LIMITS,
        "exchangeFilters": [],
        "symbols": symbols,
    }


def mini_day(listing: Listing, status: str) -> dict[str, Any]:
    """`type=MINI` of `ticker/24hr`."""
    walk = listing.walk
    return {
        "symbol": listing.symbol,
        "openPrice": decimal8(walk.open),
        "highPrice": decimal8(walk.high),
        "lowPrice": decimal8(walk.low),
        "lastPrice": decimal8(walk.price),
        "volume": decimal8(walk.volume),
        "quoteVolume": decimal8(walk.quote_volume),
        "openTime": walk.close_ms - DAY_MS,
        "closeTime": walk.close_ms,
        "firstId": walk.first_id,
        "lastId": walk.last_id,
        "count": walk.last_id - walk.first_id + 1,
    }


def day(listing: Listing, status: str) -> dict[str, Any]:
    """`type=FULL` of `ticker/24hr`; a symbol that does not trade has an empty book."""
    walk = listing.walk
    return (
        mini_day(listing, status)
        | {
            "priceChange": decimal8(walk.price - walk.open),
            "priceChangePercent": percent3(walk.price - walk.open, walk.open),
            "weightedAvgPrice": decimal8(walk.quote_volume * UNITS // walk.volume),
            "prevClosePrice": decimal8(walk.opened_before),
            "lastQty": decimal8(walk.quantity),
        }
        | _best(listing, status)
    )


def price(listing: Listing, status: str) -> dict[str, Any]:
    return {"symbol": listing.symbol, "price": decimal8(listing.walk.price)}


def book(listing: Listing, status: str) -> dict[str, Any]:
    return {"symbol": listing.symbol} | _best(listing, status)


def _best(listing: Listing, status: str) -> dict[str, Any]:
    walk, open_book = listing.walk, status == "TRADING"
    return {
        "bidPrice": decimal8(walk.bid * open_book),
        "bidQty": decimal8(walk.bid_quantity * open_book),
        "askPrice": decimal8(walk.ask * open_book),
        "askQty": decimal8(walk.ask_quantity * open_book),
    }
