"""A feed that died is noticed by whoever delivers: once, and only when it should have lived."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from django.db import Error as DatabaseError
from django.db import connection

from market import durable
from market.alerting import FeedNews, write_feed
from market.feed_guard import SILENT, FeedGuard
from market.models import Alert, Delivery, FeedSign
from market.seen import note_alive
from tests.support.alert_rows import recipient

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)


class Watch:
    """A clock of a test, on which a guard looks every two seconds."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.guards = [self.guard()]

    def guard(self) -> FeedGuard:
        return FeedGuard(clock=lambda: self.seconds, now=self.now)

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def look(self, seconds: float, *, alive: bool = False) -> None:
        """For so long, with a sign every look where it is `alive`."""
        for _ in range(int(seconds / 2)):
            self.seconds += 2
            if alive:
                note_alive("binance", self.now())
            for guard in self.guards:
                guard.look()


@pytest.fixture
def watch(db: None) -> Iterator[Watch]:
    yield Watch()


def told() -> list[str]:
    return list(Alert.objects.order_by("pk").values_list("why", flat=True))


def test_a_feed_that_stays_dead_is_told_to_staff_once_whoever_notices(watch: Watch) -> None:
    desk = recipient(tells_staff=True)
    recipient(tells_staff=False)
    recipient(tells_staff=True, enabled=False)
    watch.guards += [watch.guard(), watch.guard()]
    watch.look(10, alive=True)

    watch.look(10 * SILENT)

    (alert,) = Alert.objects.all()
    assert (alert.kind, alert.severity, alert.audience, alert.resolved_at) == ("feed", "critical", "staff", None)
    assert alert.why.startswith("no prices of binance: the feed has given no sign of life since 2026-01-10 12:00:10")
    assert [row.recipient for row in Delivery.objects.all()] == [desk]
    assert len(durable.newest_alerts(["staff"], 9)) == 1


def test_a_guard_that_starts_after_the_death_tells_it_too(watch: Watch) -> None:
    note_alive("binance", NOON - timedelta(days=3))

    watch.look(SILENT)
    assert told() == []

    watch.look(4)
    assert len(told()) == 1


def test_it_is_resolved_when_prices_are_back_and_may_die_again(watch: Watch) -> None:
    for _ in range(2):
        watch.look(10, alive=True)
        watch.look(2 * SILENT)
    watch.look(10, alive=True)

    assert [text.partition(":")[0] for text in told()] == [
        "no prices of binance",
        "prices of binance are back",
    ] * 2
    assert not Alert.objects.filter(resolved_at=None).exists()


def test_a_stop_that_is_shorter_raises_none(watch: Watch) -> None:
    for _ in range(5):
        watch.look(4, alive=True)
        watch.look(SILENT - 4)

    assert told() == []


def test_where_there_never_was_a_feed_there_is_none_to_die(watch: Watch) -> None:
    watch.look(10 * SILENT)

    assert told() == []


def test_what_the_feed_said_itself_is_not_said_again_but_ended(watch: Watch) -> None:
    watch.look(10, alive=True)
    write_feed(FeedNews("binance", "the exchange hangs", 1, "binance", watch.now()), store=durable.store)

    watch.look(2 * SILENT)
    assert told() == ["no prices of binance: the exchange hangs"]

    watch.look(2, alive=True)
    assert told()[1:] == ["prices of binance are back"]


def test_a_sign_from_before_the_alert_does_not_end_it(watch: Watch) -> None:
    note_alive("binance", NOON)
    write_feed(FeedNews("binance", "gone", 1, "binance", NOON + timedelta(seconds=1)), store=durable.store)

    watch.look(10)

    assert Alert.objects.get().resolved_at is None


def test_who_could_not_look_begins_anew(watch: Watch) -> None:
    watch.look(10, alive=True)
    watch.look(SILENT - 4)
    watch.seconds += 60  # asleep, or without a database

    watch.look(SILENT)
    assert told() == []

    watch.look(4)
    assert len(told()) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_a_locked_database_is_no_dead_feed() -> None:
    """In WAL mode it can be read all the while, and nobody can write that the feed lives."""
    watch = Watch()
    watch.look(10, alive=True)
    with closing(sqlite3.connect(str(connection.settings_dict["NAME"]), uri=True, isolation_level=None)) as other:
        watch.look(SILENT - 10)
        connection.cursor().execute("PRAGMA busy_timeout = 50")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseError):
            watch.look(4)
        other.execute("ROLLBACK")
    connection.close()

    watch.look(SILENT - 2)
    assert told() == []

    watch.look(SILENT)
    assert FeedSign.objects.count() == len(told()) == 1
