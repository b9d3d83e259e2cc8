"""Rows are written behind the prices: what the database does, prices do not notice."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing, contextmanager
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import connection
from django_eventstream.models import Event

from market.core.messages import PRICES, STALE, STATUS, PriceBatch
from market.core.quote import Quote
from market.core.wire import WireQuote
from market.journal import Journal, JournalPace, in_thread
from market.models import FeedSign
from market.publish import Publisher
from market.simulator import Simulator
from tests.feed.conftest import RunFeed, running
from tests.support.alert_rows import delivery, recipient
from tests.support.listener import Listener
from tests.support.services import wait_until


def stored(channel: str) -> list[dict[str, object]]:
    rows = Event.objects.filter(channel=channel).order_by("eid").values_list("data", flat=True)
    return [json.loads(json.loads(row), parse_float=Decimal) for row in rows]


async def test_what_is_told_is_a_row_already(exchange: Simulator, run_feed: RunFeed) -> None:
    async with Listener() as listener, run_feed(exchange):
        await listener.until(lambda heard: {STATUS, PRICES} <= {event.channel for event in heard.events})

    states = await asyncio.to_thread(stored, STATUS)
    assert [state["feed"] for state in states] == ["live"]
    batches = await asyncio.to_thread(stored, PRICES)  # a thread of an earlier test's feed may have written one too
    batch = next(each for each in batches if str(each["cursor"]).startswith(listener.batches[0].epoch))
    quotes = batch["data"]
    assert isinstance(quotes, list)
    assert {quote["symbol"] for quote in quotes} <= {"BTCUSDT", "ETHUSDT"}
    assert all(isinstance(quote["price"], Decimal | int) for quote in quotes)


@contextmanager
def locked_database() -> Iterator[None]:
    """Somebody else writes for a long time."""
    with closing(sqlite3.connect(settings.DATABASES["default"]["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield


async def test_a_locked_database_delays_no_price(exchange: Simulator, run_feed: RunFeed) -> None:
    async with Listener() as listener, run_feed(exchange):
        await listener.until(lambda heard: heard.events)
        with locked_database():
            await asyncio.sleep(0.3)  # for a row that was written before the lock to be told
            batches, events = len(listener.heard), len(listener.events)
            await asyncio.sleep(1.5)
            moments = listener.heard[batches:]
            assert len(listener.events) == events
        await listener.until(lambda heard: len(heard.events) > events)

    gaps = [later - earlier for earlier, later in zip(moments, moments[1:], strict=False)]
    assert len(moments) > 5
    assert max(gaps) < 0.6


async def test_prices_that_the_database_did_not_take_go_with_the_next(watched: list[str]) -> None:
    """As after a restart of PostgreSQL: the connection that stays is found to be dead by using it."""
    numbers = {"price": Decimal("61828.02")}
    quote = WireQuote.of(Quote("binance", "BTCUSDT", "simulator", 1_768_046_400_000, numbers))
    nothing = PriceBatch("k9", 0, True, 0, ())
    journal = Journal(Publisher(), everything=lambda: nothing, pace=JournalPace(events=0.02))
    await in_thread(lambda: connection.ensure_connection())  # that of the thread
    await in_thread(lambda: connection.connection.close())
    journal.note_quotes([quote])
    task = asyncio.create_task(journal.run())
    try:
        await asyncio.to_thread(
            wait_until, lambda: any(row["cursor"] == "k9:0" for row in stored(PRICES)), what="the row"
        )
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_it_writes_that_prices_live_and_no_more_once_they_are_dead(watched: list[str]) -> None:
    async with AsyncExitStack() as stack, Listener() as listener:
        exchange = await stack.enter_async_context(Simulator(symbols=watched, rate=20))
        async with running(exchange):
            first = await asyncio.to_thread(sign_after, datetime.min.replace(tzinfo=UTC))
            await asyncio.to_thread(sign_after, first)

            await stack.aclose()
            await listener.until(lambda heard: heard.feed == STALE)
            dead_at, heard = datetime.now(UTC), len(listener.statuses)
            await listener.until(lambda listener: len(listener.statuses) > heard + 5)

    assert await asyncio.to_thread(sign_after, first) < dead_at


def sign_after(before: datetime) -> datetime:
    """The sign of life, once there is one that is newer."""
    wait_until(lambda: FeedSign.objects.filter(at__gt=before).exists(), what="a sign of life")
    at = FeedSign.objects.get().at
    connection.close()
    return at


async def test_it_logs_that_deliveries_wait_and_nobody_sends(
    exchange: Simulator, run_feed: RunFeed, caplog: pytest.LogCaptureFixture
) -> None:
    await asyncio.to_thread(lambda: delivery(recipient()))

    async with Listener() as listener, run_feed(exchange):
        await listener.until(lambda _: "no sendalerts runs" in caplog.text)

    assert "1 delivery waits since 2026-01-10 12:00:00 UTC: no sendalerts runs" in caplog.text
