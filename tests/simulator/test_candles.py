"""Candles: the made-up past, the live minutes, and `GET /api/v3/klines`."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from market.simulator import Simulator
from market.simulator.interval import INTERVALS, LENGTHS, following, opening, preceding
from tests.simulator.clients import rest

NOON = 1_795_176_000_000  # 2026-11-20 12:00:00 UTC, a Friday


async def klines(exchange: Simulator, **parameters: Any) -> list[Any]:
    async with rest(exchange) as client:
        answer = await client.get("/api/v3/klines", params={"symbol": "BTCUSDT", **parameters})
    rows = answer.json()
    assert isinstance(rows, list), rows
    return rows


def stopped_at_noon(seed: int = 1) -> Simulator:
    return Simulator(seed=seed, symbols=("BTCUSDT",), rate=0, clock=lambda: NOON)


@pytest.mark.parametrize("interval", INTERVALS)
async def test_candles_join_and_hold_their_own_prices(interval: str) -> None:
    async with stopped_at_noon() as exchange:
        rows = await klines(exchange, interval=interval, limit=50)

    assert len(rows) == 50
    assert rows[-1][0] <= NOON <= rows[-1][6]
    for row in rows:
        opened, high, low, close = (Decimal(text) for text in row[1:5])
        assert 0 < low <= min(opened, close) <= max(opened, close) <= high
        assert row[6] + 1 == following(interval, row[0])
        assert len(row) == 12
    for before, after in pairwise(rows):
        assert before[6] + 1 == after[0]
        assert before[4] == after[1]


async def test_candles_depend_on_seed_and_time_alone() -> None:
    async def past(seed: int) -> list[Any]:
        async with stopped_at_noon(seed) as exchange:
            return await klines(exchange, interval="1h", startTime=NOON - 10**9, limit=100)

    first = await past(1)

    assert len(first) == 100
    assert first == await past(1)
    assert first != await past(2)


async def test_start_end_and_limit_choose_the_candles() -> None:
    hour = LENGTHS["1h"]
    async with stopped_at_noon() as exchange:
        from_start = await klines(exchange, interval="1h", startTime=NOON - 5 * hour + 1)
        until_end = await klines(exchange, interval="1h", endTime=NOON - 5 * hour, limit=2)
        most = await klines(exchange, interval="1m", limit=5000)
        usual = await klines(exchange, interval="1m")
        nothing = await klines(exchange, interval="1m", startTime=NOON + hour)

    assert [row[0] for row in from_start] == [NOON - hours * hour for hours in (4, 3, 2, 1, 0)]
    assert [row[0] for row in until_end] == [NOON - 6 * hour, NOON - 5 * hour]
    assert (len(most), len(usual), nothing) == (1000, 500, [])


async def test_newest_candle_holds_what_traded_since_the_start() -> None:
    now = NOON
    exchange = Simulator(symbols=("BTCUSDT",), rate=0, clock=lambda: now)
    async with exchange:
        now = NOON + 60_000
        for price in ("96000", "94000", "95500.25"):
            exchange.set_price("BTCUSDT", Decimal(price))
        (minute,) = await klines(exchange, interval="1m", limit=1)
        (hour,) = await klines(exchange, interval="1h", limit=1)

    assert minute[0] == NOON + 60_000
    assert minute[1:5] == ["96000.00000000", "96000.00000000", "94000.00000000", "95500.25000000"]
    assert minute[8] == 3
    assert (hour[0], hour[4]) == (NOON, "95500.25000000")


async def test_minute_without_a_trade_is_flat() -> None:
    now = NOON
    async with Simulator(symbols=("BTCUSDT",), rate=0, clock=lambda: now) as exchange:
        exchange.set_price("BTCUSDT", Decimal(96_000))
        now = NOON + 180_000
        (row,) = await klines(exchange, interval="1m", limit=1)

    assert set(row[1:5]) == {"96000.00000000"}
    assert (row[5], row[8]) == ("0.00000000", 0)


def test_weeks_begin_on_monday_and_months_on_their_first() -> None:
    monday = NOON - 4 * LENGTHS["1d"] - 12 * LENGTHS["1h"]
    december = following("1M", opening("1M", NOON))

    assert opening("1w", NOON) == monday
    assert december - opening("1M", NOON) == 30 * LENGTHS["1d"]
    assert following("1M", december) - december == 31 * LENGTHS["1d"]
    assert preceding("1M", december) == opening("1M", NOON)
