"""Binance's candles, in the two forms it has for them. Sources: web-socket-streams.md, rest-api.md (2026-07)."""

from collections.abc import Mapping, Sequence
from typing import Any

from market.core.candle import Candle, VenueCandle
from market.core.interval import MINUTE_MS, Interval
from market.exchanges import fields
from market.exchanges.base import NotAQuote


def venue_candle(data: Mapping[str, Any]) -> VenueCandle:
    """`{"e":"kline","E":1672515782136,"s":"BNBBTC","k":{"t":1672515780000,"T":1672515839999,"s":"BNBBTC","i":"1m",
    "f":100,"L":200,"o":"0.0010","c":"0.0020","h":"0.0025","l":"0.0015","v":"1000","n":100,"x":false,"q":"1.0000",
    "V":"500","Q":"0.500","B":"123456"}}`: `x` says whether it is over.
    """
    kline = data.get("k")
    if type(kline) is not dict:
        raise NotAQuote(f"kline without a candle: {kline!r:.80}")
    try:
        if kline["i"] != Interval.M1 or type(kline["x"]) is not bool:
            raise NotAQuote(f"not a minute: {kline['i']!r:.20}, closed: {kline['x']!r:.20}")
        symbol, event_ms = fields.symbol(data["s"]), fields.time_ms(data["E"])
        row = [kline[name] for name in "tohlcv"] + [kline["q"], kline["n"]]
        candle = _candle(row, Interval.M1, closed=kline["x"])
    except KeyError as exc:
        raise NotAQuote(f"kline without {exc}") from None
    if candle.closed and event_ms < candle.open_ms + MINUTE_MS - 1:
        raise NotAQuote(f"a candle that closed before its time: {event_ms}")
    return VenueCandle(symbol, candle, event_ms)


def rest_candle(row: Any, interval: Interval) -> Candle:
    """`[1499040000000,"0.01634790","0.80000000","0.01575800","0.01577100","148976.11427815",1499644799999,
    "2434.19055334",308,"1756.87402397","28.46694368","0"]`: opening time, prices, volume, closing time, quote volume,
    number of trades.
    """
    if type(row) is not list or len(row) < 9:
        raise NotAQuote(f"not a candle: {row!r:.80}")
    return _candle([*row[:6], *row[7:9]], interval, closed=True)


def _candle(row: Sequence[Any], interval: Interval, *, closed: bool) -> Candle:
    """Opening time, open, high, low, close, volume, quote volume, trades."""
    open_ms = fields.time_ms(row[0])
    opened, high, low, close = (fields.price(text) for text in row[1:5])
    if open_ms % interval.ms:
        raise NotAQuote(f"no {interval.value} candle begins at {open_ms}")
    if not 0 < low <= min(opened, close) <= max(opened, close) <= high:
        raise NotAQuote(f"not a candle: open {opened}, high {high}, low {low}, close {close}")
    volume, quote_volume, trades = fields.volume(row[5]), fields.volume(row[6]), fields.identifier(row[7])
    return Candle(open_ms, opened, high, low, close, volume, quote_volume, trades, closed)
