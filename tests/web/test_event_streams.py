"""`/events/`: django-eventstream behind our door."""

import json
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import OperationalError
from django.test import AsyncClient
from pytest_django import Settings

from market import durable
from market.durable import Storage, last_ids, reread, wake
from market.long_responses import LongResponses
from tests.support.event_stream import EventStream, event_stream

pytestmark = pytest.mark.django_db(transaction=True)

store = sync_to_async(durable.store)


@pytest.fixture
def application(monkeypatch: pytest.MonkeyPatch) -> LongResponses:
    """As the process's, with nothing woken yet."""
    monkeypatch.setattr("market.durable._woken", {})
    return LongResponses(threads=4)


async def test_an_event_reaches_who_listens(application: LongResponses) -> None:
    async with event_stream(application, query="channels=status,prices") as stream:
        wake(await store("status", {"feed": "live"}))

        event = await stream.next_event()

    assert (event["event"], json.loads(event["data"])) == ("status", {"feed": "live"})
    assert event["id"] in ("status:1,prices:0", "prices:0,status:1")


async def test_the_channel_can_be_in_the_path(application: LongResponses) -> None:
    async with event_stream(application, "/events/alerts/") as stream:
        wake(await store("status", {}))
        wake(await store("alerts", {"rule": 7}))

        assert (await stream.next_event())["data"] == '{"rule": 7}'


async def test_without_names_all_public_channels_come(application: LongResponses) -> None:
    async with event_stream(application) as stream:
        for channel in durable.CHANNELS:
            wake(await store(channel, {}))

        kinds = {(await stream.next_event())["event"] for _ in durable.CHANNELS}

    assert kinds == {"status", "alert", "price_update"}


async def test_what_was_missed_comes_first(application: LongResponses) -> None:
    for number in range(4):
        await store("status", {"number": number})

    async with event_stream(application, query="channels=status", Last_Event_ID="status:2") as stream:
        numbers = [json.loads((await stream.next_event("status"))["data"])["number"] for _ in range(2)]

    assert numbers == [2, 3]


async def test_who_was_away_too_long_is_told(application: LongResponses) -> None:
    await store("status", {})

    async with event_stream(application, query="channels=status", Last_Event_ID="status:999") as stream:
        assert (await stream.next_event())["event"] == "stream-reset"


async def test_an_event_lost_between_processes_is_read_from_the_rows(application: LongResponses) -> None:
    async with event_stream(application, query="channels=alerts") as stream:
        wake(await store("alerts", {"number": 1}))
        await store("alerts", {"number": 2})
        wake(await store("alerts", {"number": 3}))

        numbers = [json.loads((await stream.next_event("alert"))["data"])["number"] for _ in range(3)]

    assert numbers == [1, 2, 3]


async def test_a_last_event_that_was_lost_is_read_when_the_layer_is_back(application: LongResponses) -> None:
    async with event_stream(application, query="channels=alerts") as stream:
        await store("alerts", {"number": 1})
        reread()

        assert (await stream.next_event("alert"))["data"] == '{"number": 1}'


async def test_no_event_comes_twice(application: LongResponses) -> None:
    async with event_stream(application, query="channels=alerts") as stream:
        first = await store("alerts", {"number": 1})
        wake(first)
        wake(first)
        wake(await store("alerts", {"number": 2}))

        numbers = [json.loads((await stream.next_event("alert"))["data"])["number"] for _ in range(2)]

    assert numbers == [1, 2]


async def test_a_burst_arrives_whole(application: LongResponses) -> None:
    async with event_stream(application, query="channels=alerts") as stream:
        for number in range(40):
            wake(await store("alerts", {"number": number}))

        numbers = [json.loads((await stream.next_event("alert"))["data"])["number"] for _ in range(40)]

    assert numbers == list(range(40))


JUNK = [
    "prices:abc",
    "error",
    "x",
    ":",
    "prices:-1",
    "prices:1e9",
    "a" * 4000,
    "prices:" + "9" * 400,
    "\xff",
    "prices:٣",
]


@pytest.mark.parametrize("junk", [value.encode().decode("latin-1") for value in JUNK])
async def test_a_last_event_id_that_cannot_be_read_counts_as_none(application: LongResponses, junk: str) -> None:
    await store("prices", {"number": 1})

    async with event_stream(application, query="channels=prices", Last_Event_ID=junk) as stream:
        wake(await store("prices", {"number": 2}))

        assert (await stream.next_event())["data"] == '{"number": 2}'


@pytest.mark.parametrize("query", ["es-meta=junk", "recover=true", "link=next", "lastEventId=error", "x=%ff%00"])
async def test_nothing_else_of_the_query_reaches_the_library(application: LongResponses, query: str) -> None:
    async with event_stream(application, query=query) as stream:
        assert stream.status == 200


@pytest.mark.parametrize("query", ["channels=nope", "channels=status,%00", "channel=*", "channels=user-x"])
async def test_a_channel_that_does_not_exist_is_refused(application: LongResponses, query: str) -> None:
    async with event_stream(application, query=query) as stream:
        body = json.loads(await stream.rest())

    assert (stream.status, body["error"]["code"]) == (400, "unknown_channel")


async def test_a_private_channel_is_for_its_user(application: LongResponses, async_client: AsyncClient) -> None:
    user = await sync_to_async(get_user_model().objects.create_user)("alice")
    await async_client.aforce_login(user)
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in async_client.cookies.items())

    async with event_stream(application, f"/events/user-{user.pk}/", Cookie=cookie) as own:
        assert own.status == 200
    async with event_stream(application, f"/events/user-{user.pk + 1}/", Cookie=cookie) as foreign:
        assert foreign.status == 403
    async with event_stream(application, f"/events/user-{user.pk}/") as anonymous:
        assert anonymous.status == 403


async def test_only_our_pages_and_listed_sites_may_read(application: LongResponses, settings: Settings) -> None:
    settings.ALLOWED_ORIGINS = ["https://friend.example"]

    async with event_stream(application, Origin="https://friend.example") as friend:
        assert friend.headers["access-control-allow-origin"] == "https://friend.example"
    async with event_stream(application, Origin="https://evil.example") as stranger:
        assert stranger.status == 403


async def test_sixty_streams_share_a_handful_of_threads(application: LongResponses) -> None:
    before = threading.active_count()

    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(event_stream(application)) for _ in range(60)]
        wake(await store("status", {}))
        for stream in streams:
            await stream.next_event("status")
        threads = threading.active_count() - before

    assert threads <= 4
    assert len(application) == 0


async def test_the_server_says_when_to_come_back(application: LongResponses) -> None:
    async with event_stream(application) as stream:
        application.close()

        rest = await stream.rest()

    assert rest.startswith("retry: ") and rest.endswith("\n\n")
    assert 1000 <= int(rest.split()[1]) <= 10_000


@pytest.fixture
def broken_storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def fail(*_: object) -> None:
        raise OperationalError("the disk is on fire")

    monkeypatch.setattr(Storage, "get_current_id", fail)
    yield


async def test_a_database_that_fails_after_the_start_ends_the_stream_cleanly(
    application: LongResponses, broken_storage: None, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        stream = EventStream(application, "/events/", "", {})
        await stream.open()

        assert (stream.status, (await stream.rest()).startswith("retry: ")) == (200, True)

    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        "event stream ended: OperationalError: the disk is on fire"
    ]


def test_of_a_last_event_id_what_is_asked_for_counts() -> None:
    assert last_ids("status:3,prices:17,evil:1", ["prices", "status"]) == "prices:17,status:3"
    assert last_ids("status:3:4,prices:", ["prices", "status"]) == ""
