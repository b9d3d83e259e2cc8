"""Open candles in a hub: who gets which, encoded once, the newest only; longer ones from rows and minutes."""

import asyncio
from typing import Any

import pytest
from django.db import OperationalError

from market.candle_lane import CandleLane
from market.core.candle import Candle
from market.core.interval import Interval
from market.hub import Hub
from tests.support.batches import BTC, ETH
from tests.support.candles import DAY_MS, batch, candle
from tests.support.reader import Reader

M1, M5 = Interval.M1, Interval.M5


class Rows:
    """Stored minutes; `wait` holds the answer back, `fail` times it is an error."""

    def __init__(self, *minutes: Candle) -> None:
        self.minutes = list(minutes)
        self.asked = 0
        self.fail = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self, key: Any, source: str, start_ms: int, end_ms: int) -> list[Candle]:
        self.asked += 1
        await self.may_answer.wait()
        if self.fail:
            self.fail -= 1
            raise OperationalError("locked")
        return [each for each in self.minutes if start_ms <= each.open_ms < end_ms]


def follow(hub: Hub, *intervals: Interval, keys: frozenset[tuple[str, str]] | None = None) -> Reader:
    reader = Reader(hub, keys).connect()
    assert reader.member is not None
    reader.member.candles.want(intervals, keys)
    reader.member.candles.tell(intervals, keys)
    return reader


def told(reader: Reader) -> list[dict[str, Any]]:
    return [message for message in reader.messages if message["type"] == "candle"]


def closes(reader: Reader, interval: str = "1m") -> list[int]:
    return [int(each["candle"]["close"]) for each in told(reader) if each["interval"] == interval]


async def until(ready: Any) -> None:
    async with asyncio.timeout(10):
        while not ready():
            await asyncio.sleep(0)


async def test_an_open_minute_reaches_whoever_asked(hub: Hub) -> None:
    asked, other = follow(hub, M1), Reader(hub).connect()

    hub.candles.hear(batch((BTC, candle("100 110 90 105.50", at=1, closed=False))))

    (message,) = told(asked)
    assert (message["symbol"], message["exchange"], message["interval"]) == ("BTCUSDT", "binance", "1m")
    assert message["candle"]["time"] == DAY_MS + 60_000
    assert (str(message["candle"]["close"]), message["candle"]["closed"]) == ("105.5", False)
    assert told(other) == []


async def test_what_is_known_is_told_at_once(hub: Hub) -> None:
    hub.candles.hear(batch((BTC, candle(closed=False)), (ETH, candle(closed=False))))

    assert [each["symbol"] for each in told(follow(hub, M1, keys=frozenset({ETH})))] == ["ETHUSDT"]


async def test_each_candle_is_encoded_once_for_all_who_share_it(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(20):
        follow(hub, M1)
    made: list[Any] = []
    encode = CandleLane.message

    def counted(lane: CandleLane, want: Any, dialect: Any) -> bytes | None:
        made.append(want)
        return encode(lane, want, dialect)

    monkeypatch.setattr(CandleLane, "message", counted)

    hub.candles.hear(batch((BTC, candle(closed=False)), (ETH, candle(closed=False))))

    assert len(made) == 2


async def test_a_closed_minute_and_the_next_one_are_two_messages(hub: Hub) -> None:
    reader = follow(hub, M1)

    hub.candles.hear(batch((BTC, candle("1 1 1 1", at=1, closed=False)), (BTC, candle("2 2 2 2", at=0))))

    assert closes(reader) == [2, 1]


async def test_what_is_old_or_said_again_is_not_told(hub: Hub) -> None:
    reader = follow(hub, M1)
    new = candle("5 5 5 5", at=2, closed=False)

    for minute in (new, new, candle("4 4 4 4", at=1), candle("6 6 6 6", at=2), candle("7 7 7 7", at=2, closed=False)):
        hub.candles.hear(batch((BTC, minute)))

    assert closes(reader) == [5, 6]


async def test_a_slow_reader_gets_the_newest_only(hub: Hub) -> None:
    reader = follow(hub, M1)
    reader.stall()

    for price in (1, 2, 3):
        hub.candles.hear(batch((BTC, candle(f"{price} {price} {price} {price}", closed=False))))
    before = closes(reader)
    reader.drain()

    assert (before, closes(reader)) == ([], [3])


async def test_who_unsubscribed_hears_no_more(hub: Hub) -> None:
    reader = follow(hub, M1)
    assert reader.member is not None

    reader.member.candles.drop([M1], frozenset({BTC}), hub.names.keys)
    hub.candles.hear(batch((BTC, candle(closed=False)), (ETH, candle(closed=False))))
    assert [each["symbol"] for each in told(reader)] == ["ETHUSDT"]
    reader.member.candles.drop([M1], None, hub.names.keys)
    hub.candles.hear(batch((ETH, candle("1 1 1 1", closed=False))))

    assert len(told(reader)) == 1
    reader.disconnect()
    assert not hub.candles._cohorts


async def test_a_longer_candle_is_made_of_rows_and_the_open_minute(hub: Hub) -> None:
    rows = Rows(candle("100 120 95 105"), candle("105 106 90 100", at=1))
    hub.candles.read_minutes = rows
    hub.candles.hear(batch((BTC, candle("100 101 99 101", at=2, closed=False))))
    reader = follow(hub, M5)
    await until(lambda: told(reader))

    hub.candles.hear(batch((BTC, candle("100 130 99 128", at=2, closed=False))))

    first, second = (each["candle"] for each in told(reader))
    assert (first["open"], first["high"], first["low"], first["close"], first["volume"]) == (100, 120, 90, 101, 6)
    assert (second["high"], second["close"], second["trades"]) == (130, 128, 21)
    assert rows.asked == 1


async def test_minutes_that_are_no_rows_yet_count_from_memory(hub: Hub) -> None:
    """The feed stores a minute a moment after it tells it."""
    rows = Rows(candle("1 9 1 2"))
    hub.candles.read_minutes = rows
    for minute in (candle("2 3 2 3", at=1), candle("3 4 3 4", at=2), candle("4 5 4 5", at=3, closed=False)):
        hub.candles.hear(batch((BTC, minute)))

    reader = follow(hub, M5)
    await until(lambda: told(reader))

    made = told(reader)[0]["candle"]
    assert (made["open"], made["high"], made["close"], made["volume"]) == (1, 9, 5, 8)


async def test_a_minute_that_was_lost_makes_it_read_rows_again(hub: Hub) -> None:
    rows = Rows()
    hub.candles.read_minutes = rows
    hub.candles.hear(batch((BTC, candle("1 1 1 1", closed=False))))
    reader = follow(hub, M5)
    await until(lambda: told(reader))

    rows.minutes = [candle("1 8 1 1"), candle("1 7 1 1", at=1)]
    hub.candles.hear(batch((BTC, candle("2 2 2 2", at=2, closed=False))))
    await until(lambda: len(told(reader)) == 2)

    assert told(reader)[-1]["candle"]["high"] == 8
    assert told(reader)[-1]["candle"]["volume"] == 6


async def test_a_dead_database_holds_up_nobody_and_is_asked_again(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("market.candle_lane.RETRY", 0.01)
    rows = Rows(candle("1 9 1 2"))
    rows.fail = 2
    hub.candles.read_minutes = rows
    hub.candles.hear(batch((BTC, candle("2 3 2 3", at=1, closed=False))))

    reader = follow(hub, M1, M5)
    assert [each["interval"] for each in told(reader)] == ["1m"]
    await until(lambda: len(told(reader)) == 2)

    assert rows.asked == 3


async def test_what_comes_while_rows_are_read_is_in_the_answer(hub: Hub) -> None:
    rows = Rows(candle("1 9 1 2"))
    rows.may_answer.clear()
    hub.candles.read_minutes = rows
    hub.candles.hear(batch((BTC, candle("2 3 2 3", at=1, closed=False))))
    reader = follow(hub, M5)
    await asyncio.sleep(0)
    hub.candles.hear(batch((BTC, candle("2 4 2 4", at=1)), (BTC, candle("4 6 4 6", at=2, closed=False))))
    assert told(reader) == []

    rows.may_answer.set()
    await until(lambda: told(reader))

    made = told(reader)[-1]["candle"]
    assert (made["high"], made["close"], made["volume"]) == (9, 6, 6)


async def test_another_source_begins_anew(hub: Hub) -> None:
    rows = Rows(candle("1 9 1 2"))
    hub.candles.read_minutes = rows
    hub.candles.hear(batch((BTC, candle("2 3 2 3", at=1, closed=False))))
    reader = follow(hub, M5)
    await until(lambda: told(reader))

    rows.minutes = []
    hub.candles.hear(batch((BTC, candle("50 51 49 50", at=1, closed=False)), source="binance"))
    await until(lambda: len(told(reader)) == 2)

    assert told(reader)[-1]["candle"]["high"] == 51


async def test_a_symbol_that_is_not_watched_any_more_is_forgotten(hub: Hub) -> None:
    hub.candles.hear(batch((BTC, candle(closed=False))))
    await hub.candles.now(BTC, M5)

    hub.watch([ETH])

    assert hub.candles.minute(BTC) is None
    assert await hub.candles.now(BTC, M5) is None


async def test_the_candle_of_now_is_known_without_a_reader(hub: Hub) -> None:
    hub.candles.read_minutes = Rows(candle("1 9 1 2"))
    hub.candles.hear(batch((BTC, candle("2 3 2 3", at=1, closed=False))))

    made = await hub.candles.now(BTC, Interval.D1)

    assert made is not None and (made.open_ms, made.closed) == (DAY_MS, False)
    assert (str(made.high), str(made.close)) == ("9", "3")
    assert await hub.candles.now(ETH, M1) is None


async def test_who_asks_again_within_the_minute_costs_no_rows(hub: Hub) -> None:
    rows = Rows(candle("1 9 1 2"))
    hub.candles.read_minutes = rows
    for price in (3, 4):
        hub.candles.hear(batch((BTC, candle(f"2 {price} 2 {price}", at=1, closed=False))))
        made = await hub.candles.now(BTC, M5)
        assert made is not None and int(made.close) == price
    assert rows.asked == 1

    hub.candles.hear(batch((BTC, candle("2 5 2 5", at=1)), (BTC, candle("6 6 6 6", at=2, closed=False))))
    made = await hub.candles.now(BTC, M5)

    assert made is not None and (int(made.close), int(made.volume), rows.asked) == (6, 6, 2)
