"""Past and present of the simulated exchange are one story: klines of both kinds, tickers and trades."""

import json
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from market.simulator import Simulator
from market.simulator.interval import LENGTHS, following
from market.simulator.klines import rows
from tests.simulator.clients import raw, received, rest

NOON = 1_795_176_000_000  # 2026-11-20 12:00:00 UTC
ANCHOR = NOON - 300 * LENGTHS["1d"]
MINUTE, DAY = LENGTHS["1m"], LENGTHS["1d"]
START = NOON + 23 * MINUTE + 12_345  # in the middle of a minute
SYMBOLS = ("BTCUSDT", "SHIBUSDT", "NEWUSDT")
MOST = 0.005  # no two neighbouring minutes are further apart

Row = list[Any]


class Time:
    def __init__(self, now: int = START) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def exchange_at(time: Time, *, anchor_ms: int | None = ANCHOR, seed: int = 1) -> Simulator:
    return Simulator(seed=seed, symbols=SYMBOLS, rate=0, clock=time, anchor_ms=anchor_ms)


def trade(exchange: Simulator, time: Time, *, seconds: int) -> None:
    """Five trades of each symbol a second, each with its ticker."""
    for _ in range(seconds * 5):
        time.now += 200
        for symbol in SYMBOLS:
            exchange.burst(symbol, 1)


def klines(exchange: Simulator, symbol: str, interval: str, **query: int) -> list[Row]:
    words = {name: [str(value)] for name, value in query.items()} | {"interval": [interval]}
    return rows(exchange.market.listings[symbol].candles, words, now_ms=exchange.market.now())


def aggregate(minutes: Sequence[Row]) -> tuple[Any, ...]:
    """Open, high, low, close, volume and trades of all of them, by a plain reading."""
    return (
        minutes[0][1],
        max((row[2] for row in minutes), key=Decimal),
        min((row[3] for row in minutes), key=Decimal),
        minutes[-1][4],
        sum(Decimal(row[5]) for row in minutes),
        sum(row[8] for row in minutes),
    )


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("anchor_ms", [None, ANCHOR])
def test_the_past_ends_where_live_prices_begin(symbol: str, anchor_ms: int | None) -> None:
    time = Time()
    exchange = exchange_at(time, anchor_ms=anchor_ms)
    first = exchange.market.listings[symbol].walk.price
    assert Decimal(klines(exchange, symbol, "1m", limit=1)[0][4]).scaleb(8) == first

    trade(exchange, time, seconds=200)

    closes = [float(row[4]) for row in klines(exchange, symbol, "1m", limit=300)]
    tick = float(exchange.market.listings[symbol].instrument.tick)
    assert all(abs(after - before) <= MOST * before + 2 * tick for before, after in pairwise(closes))


@pytest.mark.parametrize("interval", ["5m", "1h", "4h", "1d", "1w"])
@pytest.mark.parametrize("symbol", SYMBOLS)
def test_longer_candles_are_what_their_minutes_say(symbol: str, interval: str) -> None:
    time = Time()
    exchange = exchange_at(time)
    trade(exchange, time, seconds=150)

    for row in klines(exchange, symbol, interval, limit=2):
        end = following(interval, row[0])
        minutes = [
            minute
            for start in range(row[0], end, 1000 * MINUTE)
            for minute in klines(exchange, symbol, "1m", startTime=start, endTime=end - 1, limit=1000)
            if start <= minute[0] < start + 1000 * MINUTE
        ]

        assert (*row[1:5], Decimal(row[5]), row[8]) == aggregate(minutes)
        assert Decimal(row[3]) * Decimal(row[5]) <= Decimal(row[7]) + Decimal("0.001")
        assert Decimal(row[7]) <= Decimal(row[2]) * Decimal(row[5])


@pytest.mark.parametrize("seconds", [1, 47, 48, 170])
@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_day_of_the_ticker_is_the_day_of_the_candles(symbol: str, seconds: int) -> None:
    time = Time()
    exchange = exchange_at(time)
    trade(exchange, time, seconds=seconds)
    walk = exchange.market.listings[symbol].walk

    minutes = klines(exchange, symbol, "1m", startTime=time.now - DAY - MINUTE + 1, limit=1000)
    minutes += klines(exchange, symbol, "1m", startTime=minutes[-1][0] + 1, limit=1000)
    oldest, within = minutes[0], minutes[1:]

    assert len(within) == 1440
    _, high, low, close, volume, trades = aggregate(minutes)
    assert (walk.high, walk.low, walk.price) == tuple(int(Decimal(text).scaleb(8)) for text in (high, low, close))
    assert Decimal(oldest[3]).scaleb(8) <= walk.open <= Decimal(oldest[2]).scaleb(8)
    assert volume - Decimal(oldest[5]) <= Decimal(walk.volume).scaleb(-8) <= volume
    assert trades - oldest[8] <= walk.last_id - walk.first_id + 1 <= trades


def test_a_past_minute_is_always_the_same() -> None:
    time = Time()
    exchange = exchange_at(time)
    trade(exchange, time, seconds=130)
    asked = {"startTime": NOON - 200 * MINUTE, "endTime": START + MINUTE, "limit": 1000}
    before = klines(exchange, "BTCUSDT", "1m", **asked)

    trade(exchange, time, seconds=130)
    time.now += 3 * DAY

    assert klines(exchange, "BTCUSDT", "1m", **asked) == before
    past = {"startTime": NOON - 200 * MINUTE, "endTime": NOON, "limit": 1000}
    again, other = exchange_at(Time()), exchange_at(Time(), seed=2)
    assert klines(again, "BTCUSDT", "1m", **past) == before[:201] != klines(other, "BTCUSDT", "1m", **past)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_later_run_goes_on_where_time_has_come_to(symbol: str) -> None:
    time = Time()
    first = exchange_at(time)
    trade(first, time, seconds=120)
    second = exchange_at(Time(time.now))
    ended, began = (each.market.listings[symbol].walk for each in (first, second))

    assert abs(began.price - ended.price) <= MOST * ended.price + 4 * ended.tick
    assert began.last_id > ended.last_id
    earlier = {"startTime": NOON - DAY, "endTime": START - MINUTE, "limit": 1000}
    assert klines(second, symbol, "1m", **earlier) == klines(first, symbol, "1m", **earlier)


async def test_streamed_minutes_are_those_that_rest_tells() -> None:
    time = Time()
    closed: dict[int, dict[str, Any]] = {}
    async with exchange_at(time) as exchange, raw(exchange, "/ws/btcusdt@kline_1m") as client:
        for number in range(4 * 60):
            trade(exchange, time, seconds=1)
            exchange.market.finish_round()
            exchange.audience.flush()
            if number % 20 == 0:
                await received(client)
        async with rest(exchange) as asking:
            answer = await asking.get("/api/v3/klines", params={"symbol": "BTCUSDT", "interval": "1m", "limit": 5})
        await exchange.emit("btcusdt@kline_1m", json.dumps({"k": None}))
        while (candle := (await received(client))["k"]) is not None:
            if candle["x"]:
                closed[candle["t"]] = candle

    told = {row[0]: [*row[1:6], row[7], row[8]] for row in answer.json()}
    assert len(closed) == 4
    for open_ms, candle in closed.items():
        assert told[open_ms] == [candle[key] for key in ("o", "h", "l", "c", "v", "q", "n")]
