"""`/status/`: what everybody sees, what staff see, and that it needs no database."""

import re
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.test import AsyncClient

from market.core.hop import FEED_HOPS
from market.core.latency import SLOTS
from market.core.messages import ProcessReport, Stamp
from market.relay import Relay
from market.status_chart import HEIGHT, MARKS, duration, height, picture, slots
from market.status_page import age_text
from tests.support.batches import NOON, batch, feed_status, quote, settle
from tests.support.reader import Reader

ALERTS = "Alert stored"
SVG_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def feed_report(machine: str, **more: Any) -> ProcessReport:
    hops = {hop.value: [100, 420, 12_300] for hop in FEED_HOPS}
    points = {hop.value: [[50, 400, 12_000], [0, -1, -1], [50, 420, 12_300]] for hop in FEED_HOPS}
    counts = {"received": 12_345, "merged": 7, "published": 900, "older": 0, "bad": 1, "reconnects": 2, "clock_sets": 0}
    fields: dict[str, Any] = {"clock": [2_000_000, 3_000], **more}
    return ProcessReport("feed", "engine:7", machine, NOON, counts, {"received": 123.4}, {}, hops, points, **fields)


@pytest.fixture
async def shown(relay: Relay) -> Relay:
    """A web process that got a price and has one reader."""
    hub = relay.hub
    hub.hear(feed_status())
    hub.hops.hear(feed_report(hub.hops.hops.machine))
    Reader(hub).connect()
    hub.apply(batch(1, quote("100"), epoch="k3f9", stamp=Stamp(20_000, 30_000, NOON * 1000)))
    await settle()
    return relay


async def page(client: AsyncClient, query: str = "") -> str:
    response = await client.get(f"/status/{query}")
    assert response.status_code == 200
    assert response["Cache-Control"] == "private, no-cache"
    return response.content.decode()


async def test_everybody_sees_how_prices_travel(shown: Relay, async_client: AsyncClient) -> None:
    text = await page(async_client)

    assert text.count('<path class="hop-range" d="M') >= 3
    for word in ("Exchange to feed", "0.42\u202fms", "12.3\u202fms", "12,345", "123", "BTCUSDT", "WebSocket"):
        assert word in text
    assert "The exchange&#x27;s clock is 2.00\u202fs ahead of ours (± 3.00\u202fms)" in text
    assert "±\u202f3.00\u202fms" in text


async def test_only_staff_see_processes_and_alerts(shown: Relay, async_client: AsyncClient) -> None:
    users = get_user_model().objects
    staff = await sync_to_async(users.create_user)("alice", password="wonder-land-7", is_staff=True)
    visitor = await sync_to_async(users.create_user)("bob", password="wonder-land-7")

    before = await page(async_client)
    await async_client.aforce_login(visitor)
    visited = await page(async_client)
    await async_client.aforce_login(staff)
    told = await page(async_client)

    for text in (before, visited):
        assert "engine:7" not in text and ALERTS not in text
        assert shown.hub.hops.hops.name not in text
    for word in ("engine:7", ALERTS, shown.hub.hops.hops.name):
        assert word in told


@pytest.mark.parametrize(
    ("more", "machine", "words"),
    [
        ({"clock": None}, "", "includes clock difference"),
        ({"clock": None}, "", "The exchange&#x27;s clock is not measured"),
        ({"clock": [-2_000_000, 3_000]}, "", "2.00\u202fs behind ours"),
        ({"clock": [1_000, 3_000]}, "", "agree to within 3.00\u202fms"),
        ({}, "another", "includes the clock difference of two machines"),
    ],
)
async def test_it_says_what_is_in_the_numbers_beside_latency(
    more: dict[str, Any], machine: str, words: str, shown: Relay, async_client: AsyncClient
) -> None:
    hops = shown.hub.hops
    hops.hear(feed_report(machine or hops.hops.machine, **more))

    assert words in await page(async_client)


async def test_a_recording_has_no_clock(shown: Relay, async_client: AsyncClient) -> None:
    shown.hub.hear(feed_status(source="replay"))

    text = await page(async_client)

    assert "a recording has no clock to compare" in text
    assert "data-clock" not in text


async def test_without_a_feed_it_says_so(relay: Relay, async_client: AsyncClient) -> None:
    text = await page(async_client)

    assert "waiting for the feed" in text
    assert "Exchange to feed" in text


async def test_symbols_that_stand_still_come_first_and_the_rest_on_demand(
    shown: Relay, async_client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("market.status_page.OLDEST_SHOWN", 3)

    few, all_of_them = await page(async_client), await page(async_client, "?symbols=all")

    assert (few.count("fresh-name"), all_of_them.count("fresh-name")) == (3, 16)
    assert "and 13 more" in few
    assert all_of_them.index("ETHUSDT") < all_of_them.index("BTCUSDT")  # one has no price yet


async def test_only_reading_is_allowed(relay: Relay, async_client: AsyncClient) -> None:
    assert (await async_client.post("/status/")).status_code == 405


def test_the_picture_has_a_bar_for_each_slot_with_something_in_it() -> None:
    drawn = picture([[10, 1_000, 20_000], [0, -1, -1], [3, 50, 60]])

    assert drawn.ranges.count("z") == drawn.medians.count("M") == 2
    numbers = [float(number) for number in SVG_NUMBER.findall(drawn.ranges)]
    assert all(number >= -10 for number in numbers)


def test_the_last_slot_stands_at_the_right() -> None:
    last = picture([[1, 1_000, 1_000]]).medians

    assert last.startswith(f"M{(SLOTS - 1) * 10 + 1} ")


def test_marks_stand_where_their_values_are() -> None:
    values = (10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100)

    assert [duration(value) for value in values] == [
        *("10.00\u202fs", "1.00\u202fs", "100\u202fms", "10.0\u202fms", "1.00\u202fms", "0.10\u202fms")
    ]
    assert [round(height(value)) for value in values] == [round(HEIGHT * step / 5) for step in range(len(MARKS))]
    assert (height(0), height(10**9)) == (HEIGHT, 0)


def test_the_picture_is_there_as_numbers_too() -> None:
    told = slots([[[1, 1_000, 2_000], [0, -1, -1]], [[2, 500, 600]]])

    assert told == [["–", "0.50\u202fms / 0.60\u202fms"], ["1.00\u202fms / 2.00\u202fms", "–"]]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0.0 s"), (0.44, "0.4 s"), (9.96, "10 s"), (59.9, "60 s"), (61, "1 min"), (7_200, "2 h"), (200_000, "2 d")],
)
def test_an_age_is_short(seconds: float, text: str) -> None:
    assert age_text(seconds).replace("\u202f", " ") == text
