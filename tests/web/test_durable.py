"""The durable lane's rows: ids without gaps, few queries, bounded trimming."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from django_eventstream.models import Event as EventRow
from django_eventstream.storage import DjangoModelStorage, EventDoesNotExist
from pytest_django import DjangoAssertNumQueries

from market.durable import RETENTION, TRIM_AT_MOST, Storage, store, trim

pytestmark = pytest.mark.django_db


def aged(channel: str, count: int, *, by: timedelta) -> None:
    """`count` events of the channel that were stored `by` ago."""
    for number in range(count):
        store(channel, {"number": number})
    EventRow.objects.filter(channel=channel).update(created=timezone.now() - by)


def test_an_event_has_the_next_id_of_its_channel() -> None:
    ids = [store(channel, {}).id for channel in ("status", "alerts", "status")]

    assert ids == [1, 1, 2]


def test_text_keeps_its_digits() -> None:
    event = store("prices", '{"price":0.00000862}')

    assert (event.kind, event.data) == ("price_update", '{"price":0.00000862}')
    assert Storage().get_events("prices", 0)[0].data == '{"price":0.00000862}'


def test_an_event_takes_three_queries(django_assert_max_num_queries: Any) -> None:
    store("status", {})

    with django_assert_max_num_queries(5):  # with BEGIN and COMMIT
        store("status", {"feed": "live"})


def test_reading_takes_two_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for number in range(5):
        store("status", {"number": number})

    with django_assert_num_queries(2):
        events = Storage().get_events("status", 2)

    assert [event.id for event in events] == [3, 4, 5]


def test_up_to_date_means_no_events() -> None:
    store("status", {})

    assert Storage().get_events("status", 1) == []
    assert Storage().get_events("alerts", 0) == []


@pytest.mark.parametrize("last_id", [0, 1, 99])
def test_who_missed_events_that_are_gone_is_told(last_id: int) -> None:
    for _ in range(4):
        store("status", {})
    EventRow.objects.filter(eid__lte=2).delete()

    with pytest.raises(EventDoesNotExist):
        Storage().get_events("status", last_id)


def test_the_rows_are_as_django_eventstream_writes_them() -> None:
    store("status", {"feed": "live"})
    store("status", {"feed": "down"})

    assert DjangoModelStorage().get_events("status", 1)[0].data == '{"feed": "down"}'


@pytest.mark.parametrize("channel", sorted(RETENTION))
def test_events_are_kept_for_their_channels_time(channel: str) -> None:
    aged(channel, 3, by=RETENTION[channel] + timedelta(seconds=5))
    store(channel, {})

    assert trim(channel) == 3
    assert [event.id for event in Storage().get_events(channel, 3)] == [4]


def test_trimming_is_bounded() -> None:
    rows = (EventRow(channel="prices", type="x", data='""', eid=number + 1) for number in range(TRIM_AT_MOST + 9))
    EventRow.objects.bulk_create(rows)
    EventRow.objects.update(created=timezone.now() - timedelta(hours=1))

    assert (trim("prices"), trim("prices"), trim("prices")) == (TRIM_AT_MOST, 9, 0)


def test_trimming_comes_by_itself() -> None:
    aged("prices", 63, by=timedelta(hours=1))

    store("prices", {})

    assert EventRow.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_ids_stay_in_order_when_processes_store_at_once() -> None:
    def store_some() -> None:
        try:
            for _ in range(20):
                store("alerts", {})
        finally:
            connection.close()

    writers = [threading.Thread(target=store_some) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    ids = [event.id for event in Storage().get_events("alerts", 0, limit=200)]
    assert ids == list(range(1, 81))
