"""What was done with an alert while a client was away: it hears of it when it comes back."""

import json

import pytest

from market.alert_lane import Missed
from market.core.alert_log import AlertLog, HeldAlert
from market.core.viewer import Viewer
from market.hub import Hub
from tests.support.alert_events import AlertStore
from tests.support.batches import settle
from tests.support.reader import Reader
from tests.web.test_alert_lane import STAFF, join, numbers

DEEDS = ("acked", "snoozed")


@pytest.fixture
def store() -> AlertStore:
    return AlertStore()


def done(reader: Reader) -> list[tuple[str, int]]:
    return [(message["type"], message["alert"]) for message in reader.messages if message["type"] in DEEDS]


async def test_coming_back_brings_what_was_done_with_alerts_it_has(hub: Hub, store: AlertStore) -> None:
    for number in range(1, 5):
        hub.alerts.hear(store.alert(number))
    hub.alerts.hear(store.alert(5, "staff"))
    hub.alerts.hear(store.snoozed(1, "2026-01-10T12:00:00.000Z"))
    hub.alerts.hear(store.snoozed(2, "2999-01-10T12:00:00.000Z"))
    hub.alerts.hear(store.snoozed(3, "2999-01-10T12:00:00.000Z"))
    hub.alerts.hear(store.acked(3, "bob"))
    hub.alerts.hear(store.acked(4, "bob"))
    hub.alerts.hear(store.acked(5, "bob", channel="staff"))
    hub.alerts.wall = lambda: 1_768_046_400_001  # one millisecond after the first snooze

    back = join(hub, since=3)

    assert done(back) == [("snoozed", 2), ("acked", 3)]
    assert (numbers(back), back.messages[-3]["alert"]["acknowledged"]) == ([4], True)
    assert done(join(hub, STAFF, since=5)) == [("snoozed", 2), ("acked", 3), ("acked", 4), ("acked", 5)]
    assert done(join(hub)) == []


async def test_what_was_done_before_this_process_began_is_known_too(hub: Hub, store: AlertStore) -> None:
    store.alert(1)
    store.acked(1, "bob")
    hub.alerts.start(store.events, store.places)

    assert done(join(hub, since=1)) == [("acked", 1)]


async def test_who_reads_rows_hears_what_was_done_as_well(hub: Hub, store: AlertStore) -> None:
    hub.alerts.log = AlertLog(kept=2)

    async def read_rows(viewer: Viewer, since: int) -> Missed:
        return Missed([HeldAlert(n, "alerts", json.dumps({"id": n}).encode()) for n in range(2, 5)])

    hub.alerts.read_rows = read_rows
    for number in range(1, 5):
        hub.alerts.hear(store.alert(number))
    hub.alerts.hear(store.acked(4, "bob"))
    hub.alerts.hear(store.acked(1, "bob"))
    reader = join(hub, since=1)
    await settle()

    assert (numbers(reader), done(reader)) == ([2, 3, 4], [("acked", 1)])
