"""`/events/` with alerts: each audience has a channel of its own, and who may read it is asked."""

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.test import AsyncClient

from market import durable
from market.durable import wake
from market.long_responses import LongResponses
from tests.support.event_stream import EventStream, event_stream

pytestmark = pytest.mark.django_db(transaction=True)

store = sync_to_async(durable.store)


@pytest.fixture
def application(monkeypatch: pytest.MonkeyPatch) -> LongResponses:
    """As the process's, with nothing woken yet."""
    monkeypatch.setattr("market.durable._woken", {})
    return LongResponses(threads=4)


async def cookie_of(client: AsyncClient, **rights: Any) -> tuple[int, str]:
    user = await sync_to_async(get_user_model().objects.create_user)("alice", **rights)
    await client.aforce_login(user)
    return user.pk, "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


def alert(number: int, audience: str, owner: int | None = None) -> dict[str, Any]:
    return {"id": number, "audience": audience, "owner": owner}


@pytest.mark.parametrize(
    ("audience", "owner", "channel"),
    [
        ("everyone", 7, "alerts"),
        ("signed_in", 7, "signed-in"),
        ("staff", 7, "staff"),
        ("owner", 7, "user-7"),
        ("owner", None, "staff"),
        ("of a later version", 7, "staff"),
    ],
)
def test_an_alert_is_stored_where_only_those_read_it_who_may(audience: str, owner: int | None, channel: str) -> None:
    event = durable.store("alerts", alert(1, audience, owner))

    assert (event.channel, event.kind, event.group, event.id) == (channel, "alert", "alerts", 1)


async def test_strangers_read_the_public_channel_only(application: LongResponses) -> None:
    async with event_stream(application, query="channels=alerts") as stream:
        wake(await store("alerts", alert(1, "staff")))
        wake(await store("alerts", alert(2, "signed_in")))
        wake(await store("alerts", alert(3, "owner", 1)))
        wake(await store("alerts", alert(4, "everyone")))

        assert json.loads((await stream.next_event("alert"))["data"])["id"] == 4
    for channel in ("staff", "signed-in", "user-1"):
        async with event_stream(application, query=f"channels=alerts,{channel}") as stream:
            assert stream.status == 403


async def test_who_is_signed_in_reads_what_is_for_them(application: LongResponses, async_client: AsyncClient) -> None:
    number, cookie = await cookie_of(async_client)
    query = f"channels=alerts,signed-in,user-{number}"
    async with event_stream(application, query=query, Cookie=cookie) as stream:
        wake(await store("alerts", alert(1, "staff")))
        wake(await store("alerts", alert(2, "owner", number + 1)))
        for place, audience in enumerate(("owner", "signed_in", "everyone"), 3):
            wake(await store("alerts", alert(place, audience, number)))

        came = [json.loads((await stream.next_event("alert"))["data"])["id"] for _ in range(3)]

    assert sorted(came) == [3, 4, 5]
    async with event_stream(application, "/events/staff/", Cookie=cookie) as stream:
        assert stream.status == 403


async def test_staff_that_were_away_get_what_they_missed(application: LongResponses, async_client: AsyncClient) -> None:
    _, cookie = await cookie_of(async_client, is_staff=True)
    for number in range(1, 5):
        await store("alerts", alert(number, "staff"))

    async with event_stream(application, "/events/staff/", Cookie=cookie, Last_Event_ID="staff:2") as stream:
        came = [json.loads((await stream.next_event("alert"))["data"])["id"] for _ in range(2)]

    assert came == [3, 4]


async def test_a_stream_that_is_not_for_everybody_ends_and_its_client_is_asked_again(
    application: LongResponses, async_client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("market.durable.PRIVATE_FOR", 0.0)
    _, cookie = await cookie_of(async_client, is_staff=True)
    stream = EventStream(application, "/events/staff/", "", {"Cookie": cookie})
    await stream.open()

    said = await stream.rest()
    await stream.close()

    assert (stream.status, said.endswith("retry: 1000\n\n")) == (200, True)
