"""`/api/alerts/summary`: what pages ask to count alerts and to mark rows."""

from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import AsyncClient
from django.utils import timezone

from market.alert_summary import Summaries
from market.core.viewer import NOBODY
from market.models import AlertRule, WatchedSymbol
from market.relay import Relay
from market.threshold_book import NEAREST, ThresholdBook
from tests.support.alert_rows import alert

HOUR = 3600.0  # seconds between two looks at the clock: nothing is held back
make = sync_to_async(alert)


@pytest.fixture(autouse=True)
def summaries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("market.alert_views._summaries", Summaries(clock=count(0.0, HOUR).__next__))


@pytest.fixture
async def staff(relay: Relay) -> AsyncClient:
    client = AsyncClient()
    await client.aforce_login(await User.objects.acreate_user("bob", is_staff=True))
    return client


async def test_the_summary_counts_what_waits_and_is_not_sent_twice(relay: Relay, async_client: AsyncClient) -> None:
    now = timezone.now()
    waits = [(await make(audience="everyone", resolved_at=now)).pk, (await make(audience="everyone")).pk]
    await make(audience="everyone", snoozed_until=now + timedelta(hours=1))
    newest = (await make(audience="everyone", acknowledged_at=now)).pk

    response = await async_client.get("/api/alerts/summary")
    same = await async_client.get("/api/alerts/summary", headers={"If-None-Match": response.headers["ETag"]})

    expected = {"unacknowledged": 2, "waiting": waits[::-1], "newest": newest, "viewer": None, "staff": False}
    assert {name: response.json()[name] for name in expected} == expected
    assert same.status_code == 304
    assert "private" in response.headers["Cache-Control"]


async def test_however_many_ask_it_is_read_once(relay: Relay, django_assert_num_queries: Any) -> None:
    summaries, book = Summaries(clock=lambda: 0.0), ThresholdBook(clock=lambda: 0.0)
    await sync_to_async(book.refresh)(0)

    def ask() -> int:
        with django_assert_num_queries(2):
            return len({id(summaries.of(NOBODY, {}, book)) for _ in range(10)})

    assert await sync_to_async(ask)() == 1


async def test_the_summary_has_the_thresholds_that_the_viewer_may_see(
    async_client: AsyncClient, staff: AsyncClient
) -> None:
    def write() -> None:
        bitcoin = WatchedSymbol.objects.get(symbol="BTCUSDT")
        past = timezone.now() - timedelta(days=1)
        AlertRule(watched=bitcoin, condition="above", threshold=Decimal(95000), audience="everyone").save()
        AlertRule(watched=None, condition="change_above", threshold=Decimal(5), audience="staff").save()
        AlertRule(watched=bitcoin, condition="below", threshold=Decimal(1), audience="everyone", enabled=False).save()
        AlertRule(watched=bitcoin, condition="below", threshold=Decimal(2), audience="everyone", expires_at=past).save()

    await sync_to_async(write)()

    public = (await async_client.get("/api/alerts/summary")).json()["thresholds"]
    for_staff = (await staff.get("/api/alerts/summary")).json()["thresholds"]

    words = {"key": "binance:BTCUSDT", "condition": "above", "text": "crosses above 95000"}
    assert public == [{**words, "threshold": "95000", "upper": None}]
    assert [each["key"] for each in for_staff] == ["binance:BTCUSDT", ""]


async def test_of_many_thresholds_the_nearest_are_told(relay: Relay) -> None:
    def write() -> list[str]:
        bitcoin = WatchedSymbol.objects.get(symbol="BTCUSDT")
        for threshold in range(100, 120):
            AlertRule(watched=bitcoin, condition="above", threshold=Decimal(threshold), audience="everyone").save()
        seen = ThresholdBook(clock=count(0.0, HOUR).__next__).seen_by(NOBODY, {"binance:BTCUSDT": "110.1"})
        return sorted(f"{each.threshold:f}" for each in seen)

    assert await sync_to_async(write)() == ["108", "109", "110", "111", "112", "113"][:NEAREST]
