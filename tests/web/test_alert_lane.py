"""Alerts from the hub to its readers: who gets them, when, and what comes later."""

import asyncio
import json
from typing import Any

import pytest
from django.db import OperationalError

from market.alert_lane import Missed
from market.core.alert_log import AlertLog, HeldAlert
from market.core.viewer import NOBODY, Viewer
from market.hub import Hub
from tests.support.alert_events import AlertStore
from tests.support.batches import ETH, batch, quote, settle
from tests.support.reader import Reader

ALICE, STAFF = Viewer(1, name="alice"), Viewer(2, is_staff=True, name="bob")


@pytest.fixture
def store() -> AlertStore:
    return AlertStore()


def join(hub: Hub, viewer: Any = NOBODY, since: int | None = None, reader: Reader | None = None) -> Reader:
    reader = reader or Reader(hub)
    reader.connect()
    assert reader.member is not None
    hub.alerts.join(reader.member.alerts, viewer, since)
    return reader


def numbers(reader: Reader) -> list[int]:
    return [int(message["alert"]["id"]) for message in reader.messages if message["type"] == "alert"]


@pytest.mark.parametrize(
    ("audience", "seen_by"),
    [("everyone", "nobody alice staff"), ("signed_in", "alice staff"), ("staff", "staff"), ("owner", "alice")],
)
async def test_an_alert_reaches_those_it_is_for_and_nobody_else(
    hub: Hub, store: AlertStore, audience: str, seen_by: str
) -> None:
    readers = {"nobody": join(hub), "alice": join(hub, ALICE), "staff": join(hub, STAFF)}

    hub.alerts.hear(store.alert(17, audience, owner=1))

    assert [name for name, reader in readers.items() if numbers(reader)] == seen_by.split()


async def test_what_belongs_to_nobody_and_what_is_not_understood_is_for_staff(hub: Hub, store: AlertStore) -> None:
    staff, alice = join(hub, STAFF), join(hub, ALICE)

    hub.alerts.hear(store.alert(1, "owner", owner=None))
    hub.alerts.hear(store.alert(2, "of a later version", owner=1))

    assert (numbers(staff), numbers(alice)) == ([1, 2], [])


async def test_an_alert_comes_whatever_the_symbols_and_the_rate(hub: Hub, store: AlertStore) -> None:
    reader = join(hub, reader=Reader(hub, frozenset({ETH}), interval=60))

    hub.alerts.hear(store.alert(17))

    assert reader.messages[-1]["alert"]["text"] == "alert 17"
    assert list(reader.messages[-1]) == ["type", "alert", "timestamp"]


async def test_an_alert_that_comes_twice_is_told_once(hub: Hub, store: AlertStore) -> None:
    reader = join(hub)
    event = store.alert(17)

    hub.alerts.hear(event)
    hub.alerts.hear(event)

    assert numbers(reader) == [17]


async def test_a_paused_reader_gets_what_it_missed_in_order_when_it_resumes(hub: Hub, store: AlertStore) -> None:
    reader = join(hub)
    reader.stall()
    hub.alerts.hear(store.alert(1))
    hub.alerts.hear(store.acked(1, "bob"))
    hub.alerts.hear(store.alert(2))
    before = len(reader.messages)

    reader.drain()

    assert [message["type"] for message in reader.messages[before:]] == ["alert", "acked", "alert"]
    assert reader.messages[-2]["by"] == "bob"


class NarrowReader(Reader):
    """As on a server that owns its sockets: each write has to be taken before the next."""

    def write(self, frame: bytes, /) -> None:
        super().write(frame)
        self.stall()


async def test_prices_that_never_stop_do_not_keep_an_alert_from_a_narrow_reader(hub: Hub, store: AlertStore) -> None:
    reader = join(hub, reader=NarrowReader(hub))
    for seq in range(1, 6):
        hub.alerts.hear(store.alert(seq))
        hub.apply(batch(seq, quote(str(seq), at=seq)))
        await settle()
        reader.drain()

    for _ in range(5):
        reader.drain()

    assert numbers(reader) == [1, 2, 3, 4, 5]
    assert reader.shown["BTCUSDT"]["price"] == 5


async def test_a_narrow_reader_that_resumes_hears_of_symbols_feed_and_prices(hub: Hub, store: AlertStore) -> None:
    """The first write fills the buffer again: what comes after it was noted before."""
    reader = join(hub, reader=NarrowReader(hub))
    hub.alerts.hear(store.alert(1))
    hub.watch([("binance", "BTCUSDT")])
    hub.apply(batch(1, quote("7")))
    await settle()

    reader.drain()

    assert numbers(reader) == [1]
    assert "symbols" in reader.kinds()
    assert reader.shown["BTCUSDT"]["price"] == 7


async def test_coming_back_brings_what_was_told_after_the_last_one(hub: Hub, store: AlertStore) -> None:
    """A digest is numbered when it begins and told when it ends."""
    for number in (1, 3, 2, 4):
        hub.alerts.hear(store.alert(number))

    assert numbers(join(hub, since=3)) == [2, 4]
    assert numbers(join(hub, since=4)) == []
    assert numbers(join(hub, since=0)) == [1, 3, 2, 4]
    assert numbers(join(hub)) == []


async def test_what_comes_back_says_what_was_done_with_it_meanwhile(hub: Hub, store: AlertStore) -> None:
    hub.alerts.hear(store.alert(1, price=0.00000862, text='says "acknowledged":false'))
    hub.alerts.hear(store.acked(1, "bob"))

    alert = join(hub, since=0).messages[-1]["alert"]

    assert alert["acknowledged"] is True
    assert alert["text"] == 'says "acknowledged":false'


async def test_older_ones_are_read_from_the_rows_without_gap_or_repeat(hub: Hub, store: AlertStore) -> None:
    hub.alerts.log = AlertLog(kept=2)
    answer: asyncio.Future[Missed] = asyncio.get_running_loop().create_future()

    async def read_rows(viewer: Viewer, since: int) -> Missed:
        assert (viewer, since) == (ALICE, 1)
        return await answer

    hub.alerts.read_rows = read_rows
    for number in range(1, 5):
        hub.alerts.hear(store.alert(number))
    reader = join(hub, ALICE, since=1)
    hub.alerts.hear(store.alert(5))
    hub.alerts.hear(store.alert(6))
    assert numbers(reader) == []

    answer.set_result(Missed([HeldAlert(n, "alerts", json.dumps({"id": n}).encode()) for n in range(2, 6)], skipped=7))
    await settle()

    assert numbers(reader) == [2, 3, 4, 5, 6]
    assert next(m for m in reader.messages if m["type"] == "alerts_skipped")["count"] == 7


async def test_a_reader_that_lags_behind_all_that_is_kept_reads_the_rows(hub: Hub, store: AlertStore) -> None:
    hub.alerts.log = AlertLog(kept=3)
    asked = []

    async def read_rows(viewer: Viewer, since: int) -> Missed:
        asked.append(since)
        return Missed([HeldAlert(n, "alerts", json.dumps({"id": n}).encode()) for n in range(since + 1, 10)])

    hub.alerts.read_rows = read_rows
    hub.alerts.hear(store.alert(1))
    reader = join(hub)
    hub.alerts.hear(store.alert(2))
    reader.stall()
    for number in range(3, 10):
        hub.alerts.hear(store.alert(number))

    reader.drain()
    await settle()

    assert asked == [2]
    assert numbers(reader) == list(range(2, 10))


async def test_prices_come_and_alerts_wait_while_it_is_asked_who_somebody_is(hub: Hub, store: AlertStore) -> None:
    who: asyncio.Future[Viewer] = asyncio.get_running_loop().create_future()
    reader = join(hub, who)
    hub.alerts.hear(store.alert(1, "staff"))
    hub.alerts.hear(store.alert(2))
    hub.apply(batch(1, quote("100")))
    await settle()
    assert numbers(reader) == [] and reader.shown["BTCUSDT"]["price"] == 100

    who.set_result(STAFF)
    await settle()

    assert numbers(reader) == [1, 2]


async def test_a_database_that_does_not_answer_is_asked_again(
    hub: Hub, store: AlertStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("market.alert_lane.RETRY", 0.01)
    answers: list[Any] = [OperationalError("locked"), Missed([HeldAlert(4, "alerts", b'{"id":4}')])]

    async def read_rows(viewer: Viewer, since: int) -> Missed:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Missed)
        return answer

    hub.alerts.read_rows, hub.alerts.log.floor = read_rows, 10
    reader = join(hub, since=3)

    async with asyncio.timeout(5):
        while not numbers(reader):
            await asyncio.sleep(0.01)


async def test_whoever_leaves_while_something_is_asked_for_leaves_nothing_behind(hub: Hub) -> None:
    who: asyncio.Future[Viewer] = asyncio.get_running_loop().create_future()
    reader = join(hub, who, since=3)

    reader.disconnect()
    await settle()

    assert not hub.alerts._readers
    assert len(asyncio.all_tasks()) == 1


async def test_a_long_poll_ends_with_an_alert_that_its_viewer_may_see(hub: Hub, store: AlertStore) -> None:
    waits = {
        viewer: asyncio.create_task(hub.wait(None, None, 5, viewer=viewer)) for viewer in (None, NOBODY, ALICE, STAFF)
    }
    await settle()

    hub.alerts.hear(store.alert(1, "signed_in"))
    await settle()

    assert [viewer for viewer, wait in waits.items() if wait.done()] == [ALICE, STAFF]
    hub.release()
    await asyncio.gather(*waits.values())
