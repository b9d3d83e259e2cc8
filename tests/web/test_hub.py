"""The hub and its readers: one cursor, cohorts, slow readers."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from market.audience import STALLED_AFTER
from market.core.cursor import Cursor
from market.core.messages import FeedStatus
from market.hub import Hub
from tests.support.batches import BTC, ETH, Clock, batch, quote, settle
from tests.support.reader import Reader


async def test_a_change_reaches_a_subscriber_in_one_frame_with_the_cursor(hub: Hub) -> None:
    reader = Reader(hub).connect()

    hub.apply(batch(1, quote("100", bid="99"), quote("5", ETH)))
    await settle()

    assert reader.kinds() == ["connected", "status", "snapshot", "price_update"]
    assert reader.messages[-1]["cursor"] == "k1:1"
    assert reader.shown["BTCUSDT"]["price"] == 100
    assert reader.shown["ETHUSDT"]["price"] == 5


async def test_optional_numbers_come_only_when_they_changed(hub: Hub) -> None:
    hub.apply(batch(1, quote("100", bid="99", ask="101")))
    reader = Reader(hub).connect()

    hub.apply(batch(2, quote("100.5", bid="99", ask="102", at=1)))
    await settle()

    snapshot, update = reader.messages[-2]["data"][0], reader.messages[-1]["data"][0]
    assert (snapshot["bid"], snapshot["ask"]) == (99, 101)
    assert "bid" not in update
    assert update["ask"] == 102


async def test_another_rate_brings_at_once_what_the_old_one_held_back(hub: Hub) -> None:
    reader = Reader(hub, interval=60.0).connect()
    for number, price in enumerate(("100", "101", "102"), 1):
        hub.apply(batch(number, quote(price, at=number)))
        await settle()
    before = reader.kinds().count("price_update")
    member = reader.member
    assert member is not None

    hub.audience.change(member, replace(member.wish, interval=0.0))
    at_once = reader.messages[-1]
    hub.audience.change(member, replace(member.wish, interval=60.0))

    assert before <= 1
    assert at_once["cursor"] == "k1:3"
    assert reader.shown["BTCUSDT"]["price"] == 102
    assert reader.messages[-1] is at_once, "it had everything"


async def test_a_reader_gets_only_the_symbols_it_asked_for(hub: Hub) -> None:
    reader = Reader(hub, frozenset({ETH})).connect()

    hub.apply(batch(1, quote("100"), quote("5", ETH)))
    hub.apply(batch(2, quote("101", at=1)))
    await settle()

    assert set(reader.shown) == {"ETHUSDT"}
    assert reader.kinds().count("price_update") == 1


async def test_coming_back_with_a_cursor_brings_only_what_is_newer(hub: Hub) -> None:
    hub.apply(batch(1, quote("100"), quote("5", ETH)))
    hub.apply(batch(2, quote("101", at=1)))
    reader = Reader(hub)
    reader.cursor = Cursor("k1", 1)

    reader.connect()

    assert reader.kinds() == ["connected", "status", "price_update"]
    assert [row["symbol"] for row in reader.messages[-1]["data"]] == ["BTCUSDT"]


@pytest.mark.parametrize("cursor", [Cursor("elsewhere", 1), Cursor("k1", 99)])
async def test_a_cursor_that_says_nothing_here_brings_a_snapshot(hub: Hub, cursor: Cursor) -> None:
    hub.apply(batch(1, quote("100")))
    reader = Reader(hub)
    reader.cursor = cursor

    reader.connect()

    assert reader.kinds()[-1] == "snapshot"
    assert reader.shown["BTCUSDT"]["price"] == 100


async def test_a_paused_reader_gets_everything_it_missed_in_one_frame(hub: Hub) -> None:
    reader = Reader(hub).connect()
    hub.apply(batch(1, quote("100", bid="1", ask="2")))
    await settle()

    reader.stall()
    for seq in range(2, 50):
        hub.apply(batch(seq, quote(str(100 + seq), bid=str(seq), ask="2", at=seq)))
        await settle()
    before = len(reader.messages)
    reader.drain()

    assert len(reader.messages) == before + 1
    update = reader.messages[-1]["data"][0]
    assert (update["price"], update["bid"]) == (149, 49)
    assert "ask" not in update


async def test_a_paused_reader_hears_of_the_feed_and_the_symbols_when_it_resumes(hub: Hub) -> None:
    reader = Reader(hub).connect()
    reader.stall()
    hub.hear(FeedStatus("k1", 0, "stale", "simulator", reason="gone"))
    hub.watch([BTC])

    reader.drain()

    assert reader.kinds()[-2:] == ["symbols", "status"]
    assert reader.messages[-2]["removed"] == ["ETHUSDT"]
    assert reader.messages[-1]["feed"] == "stale"


async def test_a_reader_that_stands_still_is_cut_off_and_one_that_moves_is_not(hub: Hub, clock: Clock) -> None:
    stalled, slow = Reader(hub).connect(), Reader(hub).connect()
    stalled.unsent = slow.unsent = 100_000
    stalled.stall()
    slow.stall()

    for _ in range(int(STALLED_AFTER) + 2):
        clock.now += 1
        slow.unsent -= 1000
        hub.tick()

    assert stalled.killed
    assert not slow.killed
    assert hub.clients()["ws"] == 1


async def test_a_heartbeat_comes_only_when_nothing_else_did(hub: Hub, clock: Clock) -> None:
    reader = Reader(hub).connect()
    for _ in range(15):
        clock.now += 1
        hub.hear(FeedStatus("k1", 0, "live", "simulator"))
        hub.tick()
    hub.apply(batch(1, quote("100")))
    await settle()

    for _ in range(19):
        clock.now += 1
        hub.hear(FeedStatus("k1", 1, "live", "simulator"))
        hub.tick()
    assert "heartbeat" not in reader.kinds()
    clock.now += 1
    hub.tick()

    assert reader.kinds()[-1] == "heartbeat"
    assert reader.messages[-1]["cursor"] == "k1:1"


async def test_a_rate_merges_updates_and_ends_with_the_newest() -> None:
    hub = Hub(heartbeat=20)
    hub.watch([BTC])
    reader = Reader(hub, interval=0.05).connect()

    for seq in range(1, 21):
        hub.apply(batch(seq, quote(str(seq), at=seq)))
        await asyncio.sleep(0.005)
    async with asyncio.timeout(5):
        while reader.shown.get("BTCUSDT", {}).get("price") != 20:
            await asyncio.sleep(0.01)

    assert 2 <= reader.kinds().count("price_update") <= 10


async def test_the_long_poll_answers_when_something_is_newer(hub: Hub) -> None:
    hub.apply(batch(1, quote("100")))
    await settle()
    waiting = asyncio.create_task(hub.wait(frozenset({BTC}), Cursor("k1", 1), 5))
    await settle()
    assert hub.clients()["poll"] == 1

    hub.apply(batch(2, quote("5", ETH)))
    await settle()
    assert not waiting.done()
    hub.apply(batch(3, quote("101", at=1)))
    reading = await waiting

    assert [held.numbers["price"] for held in reading.quotes] == ["101"]
    assert reading.cursor == "k1:3"
    assert hub.clients()["poll"] == 0


async def test_the_long_poll_that_waits_in_vain_answers_empty(hub: Hub) -> None:
    hub.apply(batch(1, quote("100")))

    reading = await hub.wait(None, Cursor("k1", 1), 0.01)

    assert reading.quotes == []


async def test_symbols_that_staff_remove_and_add_are_announced(hub: Hub) -> None:
    hub.apply(batch(1, quote("100"), quote("5", ETH)))
    reader = Reader(hub).connect()
    sol = ("binance", "SOLUSDT")

    hub.watch([sol, BTC])
    hub.apply(batch(2, quote("6", ETH, at=1), quote("140", sol)))
    await settle()

    symbols = next(m for m in reader.messages if m["type"] == "symbols")
    assert (symbols["added"], symbols["removed"]) == (["SOLUSDT"], ["ETHUSDT"])
    assert [row["symbol"] for row in reader.messages[-1]["data"]] == ["SOLUSDT"]


async def test_everybody_leaves_and_nothing_stays_behind(hub: Hub) -> None:
    readers = [Reader(hub, frozenset({BTC}), interval=index * 0.1).connect() for index in range(20)]
    readers[3].stall()
    hub.apply(batch(1, quote("100")))
    await settle()

    for reader in readers:
        reader.disconnect()
        reader.disconnect()

    assert hub.clients() == {"ws": 0, "sse": 0, "poll": 0}
    assert not hub.audience._cohorts and not hub.audience._paused


async def test_numbers_reach_the_client_digit_by_digit(hub: Hub) -> None:
    exact = "123456789012345678.000000000000000001"
    hub.apply(batch(1, replace(quote("100"), numbers={"price": exact, "change_24h": "0"})))

    reader = Reader(hub).connect()

    assert reader.shown["BTCUSDT"]["price"] == Decimal(exact)


async def test_another_order_of_the_same_symbols_is_announced_too(hub: Hub) -> None:
    reader, paused = Reader(hub).connect(), Reader(hub).connect()
    paused.stall()

    hub.watch([ETH, BTC])
    paused.drain()

    for listener in (reader, paused):
        assert listener.messages[-1]["type"] == "symbols"
        assert (listener.messages[-1]["added"], listener.messages[-1]["removed"]) == ([], [])
