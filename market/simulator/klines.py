"""Candles as Binance words them: `GET /api/v3/klines` and the `<symbol>@kline_<interval>` stream."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from market.simulator.answer import ApiError
from market.simulator.candle import Candle
from market.simulator.candles import Candles
from market.simulator.interval import INTERVALS, following, opening, preceding
from market.simulator.payloads import decimal8

DEFAULT_LIMIT = 500
MAX_LIMIT = 1000
Row = list[int | str]


def rows(candles: Candles, query: Mapping[str, Sequence[str]], *, now_ms: int) -> list[Row]:
    """`[[openTime,"o","h","l","c","v",closeTime,"q",trades,"V","Q","0"],..]`, oldest first. Raises ApiError.

    `interval` is required; `startTime`, `endTime` (ms) and `limit` (500, at most 1000) choose which. Without
    `startTime` the newest are given.
    """
    interval = next(iter(query.get("interval", ())), "")
    if not interval:
        raise ApiError(-1102, "Mandatory parameter 'interval' was not sent, was empty/null, or malformed.")
    if interval not in INTERVALS:
        raise ApiError(-1120, "Invalid interval.")
    limit = min(_number(query, "limit", DEFAULT_LIMIT), MAX_LIMIT)
    last = min(_number(query, "endTime", now_ms), now_ms)
    start = _number(query, "startTime", -1)
    opens = _opens_from(interval, start, last, limit) if start >= 0 else _opens_to(interval, last, limit)
    spans = ((open_ms, following(interval, open_ms)) for open_ms in opens)
    return [_row(candles.between(*span), interval) for span in spans if candles.exist(*span)]


def kline(symbol: str, interval: str, candle: Candle, *, last_id: int, event_ms: int, closed: bool) -> str:
    """`{"e":"kline","E":..,"s":..,"k":{"t":..,"T":..,"s":..,"i":"1m","f":..,"L":..,"o":..,...,"B":"0"}}`"""
    end_ms = following(interval, candle.open_ms)
    first_id = last_id - candle.trades + 1 if candle.trades else -1
    return (
        f'{{"e":"kline","E":{event_ms},"s":"{symbol}","k":{{"t":{candle.open_ms},"T":{end_ms - 1},'
        f'"s":"{symbol}","i":"{interval}","f":{first_id},"L":{last_id if candle.trades else -1},'
        f'"o":"{decimal8(candle.open)}","c":"{decimal8(candle.close)}","h":"{decimal8(candle.high)}",'
        f'"l":"{decimal8(candle.low)}","v":"{decimal8(candle.volume)}","n":{candle.trades},'
        f'"x":{"true" if closed else "false"},"q":"{decimal8(candle.quote_volume)}",'
        f'"V":"{decimal8(candle.taken)}","Q":"{decimal8(candle.taken_quote)}","B":"0"}}}}'
    )


def _row(candle: Candle, interval: str) -> Row:
    return [
        candle.open_ms,
        decimal8(candle.open),
        decimal8(candle.high),
        decimal8(candle.low),
        decimal8(candle.close),
        decimal8(candle.volume),
        following(interval, candle.open_ms) - 1,
        decimal8(candle.quote_volume),
        candle.trades,
        decimal8(candle.taken),
        decimal8(candle.taken_quote),
        "0",
    ]


def _opens_from(interval: str, start: int, last: int, limit: int) -> list[int]:
    first = opening(interval, start)
    if first < start:
        first = following(interval, first)
    return list(islice(_walk_forward(interval, first, last), limit))


def _walk_forward(interval: str, open_ms: int, last: int) -> Iterator[int]:
    while open_ms <= last:
        yield open_ms
        open_ms = following(interval, open_ms)


def _opens_to(interval: str, last: int, limit: int) -> list[int]:
    opens = [opening(interval, last)]
    while len(opens) < limit:
        opens.append(preceding(interval, opens[-1]))
    return opens[::-1]


def _number(query: Mapping[str, Sequence[str]], name: str, default: int) -> int:
    if name not in query:
        return default
    text = next(iter(query[name]), "")
    if not text.isascii() or not text.isdigit() or (name == "limit" and int(text) < 1):
        raise ApiError(-1100, f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'.")
    return int(text)
