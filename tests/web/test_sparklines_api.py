"""`/api/sparklines`: 24 hours of every price, in one answer."""

import gzip
import json
from collections.abc import Sequence
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from django.test import AsyncClient

from market.relay import Relay
from market.sparks import HELD, POINTS, STEP, Sparklines, points
from tests.support.batches import NOON

BTC, ETH = ("binance", "BTCUSDT"), ("binance", "ETHUSDT")
BEGIN = STEP.floor(NOON) - POINTS * STEP.ms


class Closes:
    """In place of the candles of the database: what it was asked, and the same answer each time."""

    def __init__(self, **prices: Sequence[tuple[int, str]]) -> None:
        self.asked: list[Any] = []
        self._prices = prices

    def __call__(self, source: str, keys: Any, *, interval: Any, start_ms: int) -> Any:
        self.asked.append((source, start_ms))
        return {
            ("binance", name): [(BEGIN + place * STEP.ms, Decimal(price)) for place, price in line]
            for name, line in self._prices.items()
        }


@pytest.fixture
def closes(monkeypatch: pytest.MonkeyPatch) -> Closes:
    closes = Closes(BTCUSDT=[(0, "61828.020"), (95, "0.00000001")], ETHUSDT=[])
    monkeypatch.setattr("market.sparks.closes", closes)
    monkeypatch.setattr("market.sparks._sparklines", Sparklines(wall=lambda: NOON))
    return closes


async def test_each_step_has_its_place_and_gaps_are_nothing(
    relay: Relay, closes: Closes, async_client: AsyncClient
) -> None:
    answer = await async_client.get("/api/sparklines")

    told = json.loads(answer.content, parse_float=str)
    line = told["data"]["binance:BTCUSDT"]
    assert (told["from"], told["step"], len(line)) == (BEGIN, STEP.ms, POINTS)
    assert (line[0], line[95], set(line[1:95])) == ("61828.020", "0.00000001", {None})
    assert "binance:ETHUSDT" not in told["data"]


async def test_the_same_lines_are_not_sent_twice(relay: Relay, closes: Closes, async_client: AsyncClient) -> None:
    tag = (await async_client.get("/api/sparklines")).headers["ETag"]

    same = await async_client.get("/api/sparklines", headers={"If-None-Match": tag})

    assert (same.status_code, same.content) == (304, b"")


async def test_it_is_packed_for_who_can_unpack_it(relay: Relay, closes: Closes, async_client: AsyncClient) -> None:
    plain = await async_client.get("/api/sparklines")
    packed = await async_client.get("/api/sparklines", headers={"Accept-Encoding": "gzip"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert "Accept-Encoding" in packed.headers["Vary"]


def test_however_many_ask_it_is_read_twice_a_minute(closes: Closes) -> None:
    clock = count(0.0, HELD / 10)
    sparklines = Sparklines(clock=clock.__next__, wall=lambda: NOON)

    for _ in range(20):
        sparklines.of("binance", [BTC, ETH])
    sparklines.of("simulator", [BTC, ETH])

    assert [source for source, _ in closes.asked] == ["binance", "binance", "simulator"]


def test_what_lies_outside_of_the_day_has_no_place() -> None:
    before, after = (BEGIN - 1, Decimal(1)), (BEGIN + POINTS * STEP.ms, Decimal(1))

    assert points([before, after], BEGIN) == [None] * POINTS


async def test_candles_of_the_database_become_lines(relay: Relay, async_client: AsyncClient) -> None:
    answer = await async_client.get("/api/sparklines")

    assert (answer.status_code, answer.json()["data"]) == (200, {})
