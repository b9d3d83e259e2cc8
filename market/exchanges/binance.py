"""Binance Spot: stream names and frames. Source: binance-spot-api-docs, web-socket-streams.md (2026-07)."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote as percent_encode

import orjson

from market.core.candle import VenueCandle
from market.core.quote import percent_change
from market.core.tick import Kind, Tick
from market.exchanges import fields
from market.exchanges.base import Control, NotAQuote, Subscription, Word
from market.exchanges.binance_kline import venue_candle
from market.exchanges.binance_rest import BinanceRest

WHOLE_MARKET = "!miniTicker@arr"
RECORDED = ("trade", "aggTrade", "bookTicker", "ticker")  # whatever was listened to when it was recorded


class Binance(BinanceRest):
    """Combined and raw streams; the REST words are in `binance_rest`."""

    name = "binance"
    stream_url = "wss://stream.binance.com:9443"
    rest_url = "https://api.binance.com"
    max_streams = 1024
    max_url = 8_000

    def streams(self, subscription: Subscription, mode: str) -> tuple[str, ...]:
        """One ticker a second; with `every_trade` also each aggregated trade and each change of the book.

        Candles are streams of each symbol in every mode: there is none of the whole market.
        """
        name = subscription.symbol.lower()
        minutes = (f"{name}@kline_1m",) if subscription.candles else ()
        if mode == "recorded":
            return *(f"{name}@{kind}" for kind in RECORDED), *minutes
        ticker = () if mode == "market" else (f"{name}@ticker",)
        trades = (f"{name}@aggTrade", f"{name}@bookTicker") if subscription.every_trade else ()
        return *ticker, *trades, *minutes

    def shared_streams(self, mode: str) -> tuple[str, ...]:
        return (WHOLE_MARKET,) if mode in ("market", "recorded") else ()

    def symbol_of(self, stream: str) -> str | None:
        name, _, _ = stream.partition("@")
        return None if name.startswith("!") else name.upper()

    def url(self, base: str, streams: Iterable[str]) -> str:
        names = "/".join(percent_encode(stream, safe="@!") for stream in streams)
        return f"{base.rstrip('/')}/stream?streams={names}"

    def subscribe(self, streams: Sequence[str], request_id: int) -> str:
        return _request("SUBSCRIBE", streams, request_id)

    def unsubscribe(self, streams: Sequence[str], request_id: int) -> str:
        return _request("UNSUBSCRIBE", streams, request_id)

    def read(self, frame: str | bytes) -> list[Tick] | VenueCandle | Control:
        """One WebSocket message, `{"stream":"btcusdt@ticker","data":{...}}` or the bare payload."""
        try:
            message = orjson.loads(frame)
        except orjson.JSONDecodeError as exc:
            raise NotAQuote(f"not JSON: {exc}") from None
        if type(message) is dict:
            if "stream" in message:
                return _payload(message.get("data"), message["stream"])
            if "e" not in message and ("result" in message or "error" in message or "code" in message):
                return _answer(message)
        return _payload(message, None)


def _request(method: str, streams: Sequence[str], request_id: int) -> str:
    return orjson.dumps({"method": method, "params": list(streams), "id": request_id}).decode()


def _payload(data: Any, stream: Any) -> list[Tick] | VenueCandle | Control:
    if type(data) is list:
        return _array(data)
    if type(data) is not dict:
        raise NotAQuote(f"no payload: {data!r:.80}")
    event = data.get("e")
    if event == "kline":
        return venue_candle(data)
    if event == "serverShutdown":
        return Control(Word.SHUTDOWN, reason="the exchange is about to shut the connection down")
    return [_tick(data, stream)]


def _array(entries: list[Any]) -> list[Tick]:
    """`!miniTicker@arr`: each symbol that changed. One bad entry does not cost the others."""
    ticks: list[Tick] = []
    reasons: list[str] = []
    for entry in entries:
        try:
            ticks.append(_tick(entry, None))
        except NotAQuote as exc:
            reasons.append(str(exc))
    if reasons:
        raise NotAQuote(f"{len(reasons)} of {len(entries)} entries: {reasons[0]}", ticks)
    return ticks


def _tick(data: Any, stream: Any) -> Tick:
    if type(data) is not dict:
        raise NotAQuote(f"not an object: {data!r:.80}")
    event = data.get("e")
    if event is None:
        return _book_of(data, stream)
    parse = _PARSERS.get(event) if type(event) is str else None
    if parse is None:
        raise NotAQuote(f"unknown event: {event!r:.80}")
    try:
        return parse(data)
    except KeyError as exc:
        raise NotAQuote(f"{event} without {exc}") from None


def _book_of(data: dict[str, Any], stream: Any) -> Tick:
    """bookTicker names no event: told by its stream, or by its shape where there is no stream name."""
    named = type(stream) is str and stream.lower().endswith("bookticker")
    if not named and (stream is not None or not data.keys() >= {"u", "s", "b", "a"}):
        raise NotAQuote(f"unknown payload on {stream!r:.80}")
    try:
        return _book(data)
    except KeyError as exc:
        raise NotAQuote(f"bookTicker without {exc}") from None


def _ticker(data: dict[str, Any]) -> Tick:
    """`{"e":"24hrTicker","E":1676583178354,"s":"BTCUSDT","p":"308.27000000","P":"1.278","w":"24645.97059023",
    "x":"24113.92000000","c":"24421.49000000","Q":"0.01008000","b":"24421.49000000","B":"0.01067000",
    "a":"24421.50000000","A":"0.04175000","o":"24113.22000000","h":"25250.00000000","l":"24057.03000000",
    "v":"432518.55345000","q":"10659839548.05928360","O":1676496778330,"C":1676583178330,"F":2709848802,
    "L":2720557328,"n":10708527}`
    """
    numbers = _day(data)
    numbers["change_24h"] = fields.percent(data["P"])
    _add_book(numbers, data)
    event_ms = fields.time_ms(data["E"])
    last_id = data["L"]
    return Tick(
        fields.symbol(data["s"]),
        Kind.TICKER,
        event_ms,
        numbers,
        event_ms,
        None if last_id == -1 else fields.identifier(last_id),  # -1: no trade in 24 h
    )


def _mini_ticker(data: dict[str, Any]) -> Tick:
    """`{"e":"24hrMiniTicker","E":1614619259130,"s":"XRPAUD","c":"0.57160000","o":"0.53170000","h":"0.58665000",
    "l":"0.52500000","v":"935293.60000000","q":"519933.68509300"}`: the change is computed from o and c.
    """
    numbers = _day(data)
    if (opening := numbers.get("open_24h")) is not None:
        change = percent_change(numbers["price"], opening)
        if change is not None:
            numbers["change_24h"] = change
    event_ms = fields.time_ms(data["E"])
    return Tick(fields.symbol(data["s"]), Kind.MINI, event_ms, numbers, event_ms)


def _trade(data: dict[str, Any]) -> Tick:
    """`{"e":"trade","E":1789722601401,"s":"BNBUSDT","t":1587720407,"p":"755.17000000","q":"0.00800000",
    "T":1789722601401,"m":false,"M":true}`
    """
    return _traded(data, data["t"])


def _agg_trade(data: dict[str, Any]) -> Tick:
    """`{"e":"aggTrade","E":1616176861895,"s":"BTCUSDT","a":640283266,"p":"58942.01000000","q":"0.00035600",
    "f":716849523,"l":716849523,"T":1616176861893,"m":false,"M":true}`: `l` is the last trade in it.
    """
    return _traded(data, data["l"])


def _traded(data: dict[str, Any], last_id: Any) -> Tick:
    trade_id = fields.identifier(last_id)
    numbers = {"price": _last_price(data["p"])}
    event_ms, quantity = fields.time_ms(data["E"]), fields.volume(data["q"])
    return Tick(fields.symbol(data["s"]), Kind.TRADE, trade_id, numbers, event_ms, trade_id, quantity)


def _book(data: dict[str, Any]) -> Tick:
    """`{"u":50093239212,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","a":"61837.64000000",
    "A":"1.54698000"}`: neither event nor time.
    """
    numbers: dict[str, Decimal] = {}
    _add_book(numbers, data)
    return Tick(fields.symbol(data["s"]), Kind.BOOK, fields.identifier(data["u"]), numbers)


def _day(data: dict[str, Any]) -> dict[str, Decimal]:
    """Last price and 24 h statistics, as in both kinds of ticker. A 0 means that there was none: left out."""
    numbers = {"price": _last_price(data["c"])}
    for name, key in (("open_24h", "o"), ("high_24h", "h"), ("low_24h", "l")):
        if number := fields.price(data[key]):
            numbers[name] = number
    numbers["volume_24h"] = fields.volume(data["v"])
    numbers["quote_volume_24h"] = fields.volume(data["q"])
    return numbers


def _last_price(text: Any) -> Decimal:
    if number := fields.price(text):
        return number
    raise NotAQuote("the price is 0")


def _add_book(numbers: dict[str, Decimal], data: dict[str, Any]) -> None:
    """A halted symbol has bid and ask of 0, which nobody can trade at: left out."""
    if bid := fields.price(data["b"]):
        numbers["bid"] = bid
    if ask := fields.price(data["a"]):
        numbers["ask"] = ask


_PARSERS: dict[str, Callable[[dict[str, Any]], Tick]] = {
    "24hrTicker": _ticker,
    "24hrMiniTicker": _mini_ticker,
    "trade": _trade,
    "aggTrade": _agg_trade,
}


def _answer(message: dict[str, Any]) -> Control:
    """`{"result":null,"id":1}`, `{"error":{"code":2,"msg":"Invalid request: ..."},"id":2}` or
    `{"code":3,"msg":"Invalid JSON: ..."}`.
    """
    request_id = message.get("id")
    known_id = request_id if type(request_id) is int else None
    error = message if "code" in message else message.get("error")
    if error is None:
        return Control(Word.ACK, known_id)
    if type(error) is not dict:
        raise NotAQuote(f"unknown answer: {message!r:.80}")
    return Control(Word.REFUSED, known_id, f"{error.get('msg')!s:.200} (code {error.get('code')!s:.20})")
