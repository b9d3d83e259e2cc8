"""Binance Spot over HTTP: requests and what the answers mean. Source: binance-spot-api-docs, rest-api.md."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson

from market.core.candle import Candle
from market.core.interval import Interval
from market.core.tick import Kind, Tick
from market.exchanges import fields
from market.exchanges.base import NotAQuote, SymbolInfo
from market.exchanges.binance_kline import rest_candle

WEIGHT_PER_MINUTE = 6000
UNKNOWN_SYMBOL = -1121
# Bad input as a symbol: also what a spelling outside the allowed letters gets.
ILLEGAL_CHARACTERS = -1100
ILLEGAL_PARAMETER = -1130


class BinanceRest:
    """The REST half of the adapter. Pure, like the rest of it."""

    tickers_per_request = 100  # weight 2 for up to 20 of them, else 40, of 6,000 a minute
    infos_per_request = 200  # a longer query could pass the 8,000 characters of an address
    candles_per_request = 1000  # weight 2, however many

    def info_request(self, symbols: Sequence[str]) -> tuple[str, dict[str, str]]:
        """`GET /api/v3/exchangeInfo?symbols=["BTCUSDT","ETHUSDT"]`, weight 20."""
        query = {"symbols": _names(symbols)} if symbols else {}
        return "/api/v3/exchangeInfo", query | {"showPermissionSets": "false"}

    def ticker_request(self, symbols: Sequence[str]) -> tuple[str, dict[str, str]]:
        """`GET /api/v3/ticker/24hr?symbols=[...]`, weight 2 for 1-20 symbols, 40 for 21-100."""
        return "/api/v3/ticker/24hr", {"symbols": _names(symbols)}

    def time_request(self) -> tuple[str, dict[str, str]]:
        """`GET /api/v3/time`, weight 1."""
        return "/api/v3/time", {}

    def time(self, payload: Any) -> int:
        """`{"serverTime":1499827319559}`"""
        time_ms = payload.get("serverTime") if type(payload) is dict else None
        if type(time_ms) is not int or time_ms <= 0:
            raise NotAQuote("time without serverTime")
        return time_ms

    def is_unknown_symbol(self, payload: Any) -> bool:
        """`{"code":-1121,"msg":"Invalid symbol."}`"""
        codes = (UNKNOWN_SYMBOL, ILLEGAL_CHARACTERS, ILLEGAL_PARAMETER)
        return type(payload) is dict and payload.get("code") in codes

    def refusal(self, payload: Any) -> str:
        """`{"code":-1003,"msg":"Way too much request weight used; IP banned until 1659146400000. ..."}`"""
        message = payload.get("msg") if type(payload) is dict else None
        return message if type(message) is str else ""

    def infos(self, payload: Any, symbols: Collection[str]) -> list[SymbolInfo]:
        """`{"symbols":[{"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT",
        "filters":[{"filterType":"PRICE_FILTER","tickSize":"0.01000000",...},...],...},...],...}`
        """
        entries = payload.get("symbols") if type(payload) is dict else None
        if type(entries) is not list:
            raise NotAQuote("exchangeInfo without symbols")
        return [_info(entry) for entry in entries if type(entry) is dict and entry.get("symbol") in symbols]

    def used(self, headers: Mapping[str, str]) -> float:
        """`X-MBX-USED-WEIGHT-1M: 1234`, of 6,000 a minute for each address."""
        weight = headers.get("X-MBX-USED-WEIGHT-1M", "")
        return int(weight) / WEIGHT_PER_MINUTE if weight.isascii() and weight.isdigit() else 0.0

    def tickers(self, payload: Any) -> list[Tick]:
        """`[{"symbol":"BTCUSDT","lastPrice":"68004.12000000",...},...]`. One bad entry does not cost the others."""
        if type(payload) is not list:
            raise NotAQuote("ticker/24hr is no list")
        ticks, reasons = [], []
        for entry in payload:
            try:
                tick = _ticker(entry)
            except NotAQuote as exc:
                reasons.append(str(exc))
            else:
                ticks += [tick] if tick is not None else []
        if reasons:
            raise NotAQuote(f"{len(reasons)} of {len(payload)} entries: {reasons[0]}", ticks)
        return ticks

    def candle_request(
        self, symbol: str, interval: Interval, *, start_ms: int, end_ms: int, limit: int
    ) -> tuple[str, dict[str, str]]:
        """`GET /api/v3/klines?symbol=BTCUSDT&interval=1m&startTime=..&endTime=..&limit=1000`; both times are of
        openings, and inclusive.
        """
        query = {"symbol": symbol, "interval": interval.value, "limit": str(limit)}
        return "/api/v3/klines", query | {"startTime": str(start_ms), "endTime": str(end_ms - 1)}

    def candles(self, payload: Any, interval: Interval, *, now_ms: int) -> list[Candle]:
        """`[[1499040000000,"0.01634790",...],...]`, as `binance_kline.rest_candle` says."""
        if type(payload) is not list:
            raise NotAQuote("klines is no list")
        candles = [rest_candle(row, interval) for row in payload]
        return sorted((each for each in candles if each.open_ms + interval.ms <= now_ms), key=lambda each: each.open_ms)


def _names(symbols: Sequence[str]) -> str:
    return orjson.dumps(list(symbols)).decode()


def _info(entry: Any) -> SymbolInfo:
    try:
        named = entry["symbol"], entry["baseAsset"], entry["quoteAsset"], entry["status"]
        filters = entry.get("filters", [])
        steps = [rule["tickSize"] for rule in filters if rule.get("filterType") == "PRICE_FILTER"]
    except (KeyError, TypeError, AttributeError) as exc:
        raise NotAQuote(f"not the description of a symbol: {exc!r:.80}") from None
    if not all(type(text) is str for text in named):
        raise NotAQuote(f"not the description of a symbol: {named!r:.80}")
    return SymbolInfo(*named, _tick_size(steps[0]) if steps else None)


def _tick_size(text: Any) -> Decimal | None:
    """`"0.01000000"` and `"0.01"` are the same step; `"0"` switches the rule off."""
    step = fields.price(text)
    return Decimal(f"{step.normalize():f}") if step else None


def _ticker(entry: Any) -> Tick | None:
    """`{"symbol":"BTCUSDT","priceChangePercent":"-2.071","lastPrice":"68004.12000000","bidPrice":"68004.11000000",
    "askPrice":"68004.12000000","openPrice":"69442.01000000","highPrice":"69506.94000000","lowPrice":"66158.00000000",
    "volume":"25691.57255000","quoteVolume":"1742778450.16795780","closeTime":1772574569013,"lastId":6054521811,...}`;
    None where nothing was ever traded.
    """
    if type(entry) is not dict:
        raise NotAQuote(f"not an object: {entry!r:.80}")
    try:
        numbers = {name: fields.price(entry[key]) for name, key in _PRICES.items()}
        numbers["change_24h"] = fields.percent(entry["priceChangePercent"])
        volumes = {name: fields.volume(entry[key]) for name, key in _VOLUMES.items()}
        symbol, closed, last_id = entry["symbol"], entry["closeTime"], entry["lastId"]
    except KeyError as exc:
        raise NotAQuote(f"ticker/24hr without {exc}") from None
    if not numbers["price"]:
        return None
    told = {name: number for name, number in numbers.items() if number or name == "change_24h"} | volumes
    close_ms = fields.time_ms(closed)
    trade_id = None if last_id == -1 else fields.identifier(last_id)
    return Tick(fields.symbol(symbol), Kind.TICKER, close_ms, told, close_ms, trade_id)


_PRICES = {
    "price": "lastPrice",
    "open_24h": "openPrice",
    "high_24h": "highPrice",
    "low_24h": "lowPrice",
    "bid": "bidPrice",
    "ask": "askPrice",
}
_VOLUMES = {"volume_24h": "volume", "quote_volume_24h": "quoteVolume"}
