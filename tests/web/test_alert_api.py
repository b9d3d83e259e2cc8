"""`/api/alerts`, the long poll's alerts, and what the layer lost."""

import asyncio
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import OperationalError
from django.test import AsyncClient

from market import alert_desk, durable
from market.alert_text import alert_text
from market.core.alert_log import AlertLog
from market.core.messages import StoredEvent
from market.core.viewer import NOBODY, Viewer
from market.models import Alert
from market.relay import Relay
from tests.support.alert_rows import alert
from tests.support.batches import EPOCH, feed_status, price_batch, wire_quote


def stored(**fields: Any) -> tuple[Alert, StoredEvent]:
    """A row and its event, as the feed writes them."""
    row = alert(**{"audience": "everyone", **fields})
    return row, durable.store("alerts", alert_text(row))


store = sync_to_async(stored)


async def signed_in(client: AsyncClient, name: str = "alice", **rights: Any) -> Any:
    user = await sync_to_async(get_user_model().objects.create_user)(name, **rights)
    await client.aforce_login(user)
    return user


async def get(client: AsyncClient, query: str = "") -> list[int]:
    response = await client.get(f"/api/alerts{query}")
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["alerts"]]


async def post(client: AsyncClient, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
    response = await client.post(path, json.dumps(body or {}), content_type="application/json")
    return response.status_code, response.json()


async def told(relay: Relay, row: Alert) -> None:
    """This process has heard of it."""
    async with asyncio.timeout(10):
        while relay.hub.alerts.log.get(row.pk) is None:
            await asyncio.sleep(0.01)


async def test_the_list_has_what_one_may_see_the_newest_first(relay: Relay, async_client: AsyncClient) -> None:
    public = (await store())[0].pk
    staff = (await store(audience="staff", severity="critical"))[0].pk
    members = (await store(audience="signed_in", symbol="ETHUSDT"))[0].pk

    assert await get(async_client) == [public]
    alice = await signed_in(async_client)
    own = (await store(audience="owner", owner=alice))[0].pk
    assert await get(async_client) == [own, members, public]
    assert await get(async_client, "?symbol=ethusdt") == [members]
    await sync_to_async(get_user_model().objects.update)(is_staff=True)
    assert await get(async_client) == [own, members, staff, public]
    assert await get(async_client, "?severity=critical") == [staff]
    assert await get(async_client, f"?since_alert={public}&limit=2") == [staff, members]


@pytest.mark.parametrize("query", ["?severity=loud", "?limit=0", "?limit=501", "?limit=x", "?since_alert=-1"])
async def test_a_query_that_cannot_be_is_refused(relay: Relay, async_client: AsyncClient, query: str) -> None:
    response = await async_client.get(f"/api/alerts{query}")

    assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_field")


async def test_numbers_keep_their_digits(relay: Relay, async_client: AsyncClient) -> None:
    await store(price="0.000008620000000001")

    assert b'"price":0.000008620000000001,' in (await async_client.get("/api/alerts")).content


async def test_staff_acknowledge_and_the_first_one_counts(relay: Relay, async_client: AsyncClient) -> None:
    row, event = await store()
    relay.hub.alerts.hear(event)
    await signed_in(async_client, is_staff=True)

    status, body = await post(async_client, f"/api/alerts/{row.pk}/ack")
    await signed_in(async_client, "bob", is_staff=True)
    again = await post(async_client, f"/api/alerts/{row.pk}/ack")

    assert (status, body) == (200, {"alert": row.pk, "by": "alice", "acknowledged": True, "until": None})
    assert again == (200, body)
    await sync_to_async(row.refresh_from_db)()
    assert row.acknowledged_at is not None
    held = relay.hub.alerts.log.get(row.pk)
    assert held is not None and b'"acknowledged":true' in held.text


async def test_one_may_snooze_and_say_for_how_long(relay: Relay, async_client: AsyncClient) -> None:
    row, _ = await store(audience="staff")
    await signed_in(async_client, is_staff=True)

    status, body = await post(async_client, f"/api/alerts/{row.pk}/snooze", {"minutes": 15})

    await sync_to_async(row.refresh_from_db)()
    assert row.snoozed_until is not None
    assert (status, body["by"], body["until"][:16]) == (200, "alice", row.snoozed_until.isoformat()[:16])


@pytest.mark.parametrize("minutes", [None, 0, -5, 1.5, "15", True, 10081, 10**30])
async def test_minutes_that_cannot_be_are_refused(relay: Relay, async_client: AsyncClient, minutes: Any) -> None:
    row, _ = await store()
    await signed_in(async_client, is_staff=True)

    status, body = await post(async_client, f"/api/alerts/{row.pk}/snooze", {"minutes": minutes})

    assert (status, body["error"]["code"]) == (400, "bad_field")


async def test_only_staff_and_the_owner_may_and_others_learn_nothing(relay: Relay, async_client: AsyncClient) -> None:
    public, hidden = (await store())[0].pk, (await store(audience="staff"))[0].pk
    assert (await post(async_client, f"/api/alerts/{public}/ack"))[1]["error"]["code"] == "forbidden"
    alice = await signed_in(async_client)
    own = (await store(owner=alice))[0].pk

    outcomes = [await post(async_client, f"/api/alerts/{number}/ack") for number in (public, hidden, 999_999, own)]

    assert [status for status, _ in outcomes] == [403, 404, 404, 200]


async def test_another_sites_page_cannot_acknowledge(relay: Relay) -> None:
    row, _ = await store()
    client = AsyncClient(enforce_csrf_checks=True)
    await signed_in(client, is_staff=True)

    assert (await post(client, f"/api/alerts/{row.pk}/ack"))[1]["error"]["code"] == "csrf_failed"


async def poll(client: AsyncClient, query: str) -> dict[str, Any]:
    body: dict[str, Any] = (await client.get(f"/api/prices?{query}")).json()
    return body


async def test_a_poll_without_since_alert_has_no_alerts(relay: Relay, async_client: AsyncClient) -> None:
    assert "alerts" not in await poll(async_client, "")


async def test_a_long_poll_answers_at_once_when_an_alert_comes(relay: Relay, async_client: AsyncClient) -> None:
    relay.hub.hear(feed_status())
    relay.hub.apply(price_batch(wire_quote(), full=True))
    first, event = await store()
    relay.hub.alerts.hear(event)
    waiting = asyncio.create_task(poll(async_client, f"since={EPOCH}:1&wait=25&since_alert={first.pk}"))
    while not relay.hub.clients()["poll"]:
        await asyncio.sleep(0.01)

    hidden, event = await store(audience="staff")
    relay.hub.alerts.hear(event)
    second, event = await store()
    relay.hub.alerts.hear(event)

    async with asyncio.timeout(10):
        body = await waiting
    assert [row["id"] for row in body["alerts"]] == [second.pk]
    assert (body["cursor"], body["data"]) == (f"{EPOCH}:1", [])


async def test_a_poll_that_missed_much_reads_the_rows(relay: Relay, async_client: AsyncClient) -> None:
    relay.hub.alerts.log = AlertLog(kept=1)
    rows = []
    for _ in range(4):
        row, event = await store()
        relay.hub.alerts.hear(event)
        rows.append(row.pk)

    body = await poll(async_client, f"wait=25&since=x:1&since_alert={rows[0]}")

    assert [row["id"] for row in body["alerts"]] == rows[1:]


async def test_a_dead_database_does_not_keep_prices_from_a_poll(
    relay: Relay, async_client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise OperationalError("the disk is on fire")

    relay.hub.hear(feed_status())
    relay.hub.apply(price_batch(wire_quote(), full=True))
    await signed_in(async_client)
    monkeypatch.setattr("market.viewer.ANSWER_WITHIN", 0.1)
    monkeypatch.setattr("market.viewer.read_viewers", fail)
    monkeypatch.setattr("market.alert_desk.missed_rows", fail)

    assert len((await poll(async_client, "since_alert=1"))["data"]) == 1
    assert (await async_client.get("/api/alerts")).status_code == 503
    relay.hub.alerts.log.floor = 10
    stranger = await poll(AsyncClient(), "since_alert=1")
    assert (len(stranger["data"]), stranger["alerts"]) == (1, [])


@pytest.mark.parametrize("since", ["x", "-1", "1e3", "9" * 19, "٣"])
async def test_a_since_alert_that_is_no_id_is_refused(relay: Relay, async_client: AsyncClient, since: str) -> None:
    assert (await poll(async_client, f"since_alert={since}"))["error"]["code"] == "bad_field"


@pytest.mark.django_db(transaction=True)
def test_of_too_many_the_newest_come_with_the_number_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("market.alert_desk.KEPT", 2)
    rows = [stored()[0].pk for _ in range(5)]
    stored(audience="staff")

    missed = alert_desk.missed_rows(NOBODY, rows[0])

    assert [held.number for held in missed.alerts] == rows[3:]
    assert missed.skipped == 2
    assert [held.number for held in alert_desk.missed_rows(NOBODY, rows[3]).alerts] == rows[4:]


@pytest.mark.django_db(transaction=True)
def test_what_a_digest_holds_was_never_told_and_does_not_come_back() -> None:
    first = stored()[0].pk
    digest = alert(audience="everyone", kind="digest")
    alert(audience="everyone")
    last = stored()[0].pk
    durable.store("alerts", alert_text(digest))

    missed = alert_desk.missed_rows(Viewer(), first)

    assert [held.number for held in missed.alerts] == [last, digest.pk]


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """To be named before `relay`, which begins to look for lost alerts at once."""
    monkeypatch.setattr("market.relay.ALERTS_EVERY", 0.05)


async def test_an_alert_that_the_layer_lost_is_found(often: None, relay: Relay) -> None:
    row, _ = await store()
    await told(relay, row)
    hidden, event = await store(audience="staff")

    await told(relay, hidden)

    place = relay.hub.alerts.log.place
    relay.hub.alerts.hear(event)
    assert relay.hub.alerts.log.place == place


async def test_a_gap_is_filled_at_once(often: None, relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    await told(relay, (await store())[0])
    monkeypatch.setattr("market.relay.ALERTS_EVERY", 60)
    await asyncio.sleep(0.2)  # the short wait is over
    lost, _ = await store()
    _, event = await store()

    relay._take(event.payload())

    await told(relay, lost)


async def test_a_process_that_starts_knows_what_was_told_before(relay: Relay) -> None:
    row, _ = await store()
    durable_row = await sync_to_async(alert_desk.shown)(row.pk)
    later = Relay()

    await later._start_alerts()

    held = later.hub.alerts.log.get(row.pk)
    assert held is not None and json.loads(held.text)["text"] == durable_row["text"]
    assert later.hub.alerts.log.place == 0
