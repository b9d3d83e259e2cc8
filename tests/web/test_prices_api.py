"""`GET /api/prices`: the snapshot, its ETag and the long poll."""

import asyncio
import time
from typing import Any

import pytest
from django.test import AsyncClient
from pytest_django import Settings

from market.core.messages import STALE
from market.relay import Relay
from tests.support.batches import EPOCH, feed_status, price_batch, wire_quote


@pytest.fixture
async def live(relay: Relay) -> Relay:
    """Two prices of a feed that is live."""
    relay.hub.hear(feed_status())
    quotes = wire_quote(volume_24h="0.22682"), wire_quote("ETHUSDT", "3100.5")
    relay.hub.apply(price_batch(*quotes, full=True))
    return relay


async def get(async_client: AsyncClient, query: str = "", **headers: str) -> Any:
    return await async_client.get(f"/api/prices{query}", headers=headers)


async def test_the_snapshot_has_every_price_exactly(live: Relay, async_client: AsyncClient) -> None:
    response = await get(async_client)

    body = response.json()
    assert (body["cursor"], body["feed"], body["source"]) == (f"{EPOCH}:1", "live", "simulator")
    assert body["data"] == [
        {
            "symbol": "BTCUSDT",
            "exchange": "binance",
            "price": 61828.02,
            "change_24h": -0.016,
            "volume_24h": 0.22682,
            "timestamp": "2024-01-10T12:00:00.123Z",
            "source": "simulator",
        },
        {
            "symbol": "ETHUSDT",
            "exchange": "binance",
            "price": 3100.5,
            "change_24h": -0.016,
            "timestamp": "2024-01-10T12:00:00.123Z",
            "source": "simulator",
        },
    ]
    assert response.headers["ETag"] == f'"{EPOCH}:1"'


async def test_symbols_chooses(live: Relay, async_client: AsyncClient) -> None:
    body = (await get(async_client, "?symbols=ethusdt,binance:ETHUSDT")).json()

    assert [quote["symbol"] for quote in body["data"]] == ["ETHUSDT"]


async def test_a_star_means_all(live: Relay, async_client: AsyncClient) -> None:
    assert len((await get(async_client, "?symbols=*")).json()["data"]) == 2


async def test_an_unknown_symbol_is_named(live: Relay, async_client: AsyncClient) -> None:
    response = await get(async_client, "?symbols=BTCUSDT,FOOUSDT")

    assert response.status_code == 400
    assert response.json() == {"error": {"code": "unknown_symbol", "message": "FOOUSDT is not watched"}}


async def test_too_many_symbols_are_refused(live: Relay, async_client: AsyncClient, settings: Settings) -> None:
    settings.MAX_SYMBOLS = 3

    response = await get(async_client, "?symbols=A,B,C,D")

    assert (response.status_code, response.json()["error"]["code"]) == (400, "too_many_symbols")


async def test_a_copy_that_holds_is_not_sent_again(live: Relay, async_client: AsyncClient) -> None:
    response = await get(async_client, **{"If-None-Match": f'"other", W/"{EPOCH}:1"'})

    assert (response.status_code, response.content) == (304, b"")


async def test_a_copy_does_not_hide_that_the_feed_fell_silent(live: Relay, async_client: AsyncClient) -> None:
    live.hub.hear(feed_status(STALE))

    response = await get(async_client, **{"If-None-Match": f'"{EPOCH}:1"'})

    assert (response.status_code, response.json()["feed"]) == (200, "stale")


async def test_since_gives_what_is_newer(live: Relay, async_client: AsyncClient) -> None:
    live.hub.apply(price_batch(wire_quote("ETHUSDT", "3101"), seq=2))

    body = (await get(async_client, f"?since={EPOCH}:1")).json()

    assert (body["cursor"], [quote["symbol"] for quote in body["data"]]) == (f"{EPOCH}:2", ["ETHUSDT"])


@pytest.mark.parametrize("cursor", ["other:1", "k3f9", "k3f9:9999", "%00", "x" * 4000])
async def test_a_cursor_from_elsewhere_gives_everything(live: Relay, async_client: AsyncClient, cursor: str) -> None:
    assert len((await get(async_client, f"?since={cursor}&wait=5")).json()["data"]) == 2


async def test_a_long_poll_answers_when_something_is_newer(live: Relay, async_client: AsyncClient) -> None:
    poll = asyncio.create_task(get(async_client, f"?since={EPOCH}:1&wait=25&symbols=BTCUSDT"))
    while not live.hub.clients()["poll"]:
        await asyncio.sleep(0.01)

    live.hub.apply(price_batch(wire_quote("ETHUSDT", "3101"), seq=2))
    live.hub.apply(price_batch(wire_quote("BTCUSDT", "61830"), seq=3))

    async with asyncio.timeout(10):
        body = (await poll).json()
    assert [quote["price"] for quote in body["data"]] == [61830]


async def test_a_long_poll_without_news_ends_empty(live: Relay, async_client: AsyncClient) -> None:
    began = time.monotonic()

    body = (await get(async_client, f"?since={EPOCH}:1&wait=0.2")).json()

    assert (body["cursor"], body["data"]) == (f"{EPOCH}:1", [])
    assert time.monotonic() - began >= 0.2


async def test_a_long_poll_hears_that_the_feed_fell_silent(live: Relay, async_client: AsyncClient) -> None:
    poll = asyncio.create_task(get(async_client, f"?since={EPOCH}:1&wait=25"))
    while not live.hub.clients()["poll"]:
        await asyncio.sleep(0.01)

    live.hub.hear(feed_status(STALE))

    async with asyncio.timeout(10):
        assert (await poll).json()["feed"] == "stale"


async def test_a_client_that_hangs_up_is_forgotten(live: Relay, async_client: AsyncClient) -> None:
    poll = asyncio.create_task(get(async_client, f"?since={EPOCH}:1&wait=25"))
    while not live.hub.clients()["poll"]:
        await asyncio.sleep(0.01)

    poll.cancel()

    async with asyncio.timeout(10):
        while live.hub.clients()["poll"]:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("wait", ["-1", "abc", "nan", "inf", "1e3", "%F0%9F%90%88", "1" * 40, "٣"])
async def test_a_wait_that_is_no_number_is_refused(live: Relay, async_client: AsyncClient, wait: str) -> None:
    response = await get(async_client, f"?wait={wait}")

    assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_field")


async def test_head_does_not_wait(live: Relay, async_client: AsyncClient) -> None:
    async with asyncio.timeout(10):
        response = await async_client.head(f"/api/prices?since={EPOCH}:1&wait=25")

    assert response.status_code == 200


async def test_other_methods_are_refused_in_json(live: Relay, async_client: AsyncClient) -> None:
    response = await async_client.post("/api/prices")

    assert (response.status_code, response.json()["error"]["code"]) == (405, "method_not_allowed")
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


async def test_a_page_of_a_listed_site_may_read(live: Relay, async_client: AsyncClient, settings: Settings) -> None:
    settings.ALLOWED_ORIGINS = ["https://friend.example"]

    friend = await get(async_client, Origin="https://friend.example")
    stranger = await get(async_client, Origin="https://evil.example")

    assert friend.headers["Access-Control-Allow-Origin"] == "https://friend.example"
    assert "Access-Control-Allow-Origin" not in stranger.headers
    assert "Origin" in stranger.headers["Vary"]


async def test_it_asks_before_it_sends_a_header(live: Relay, async_client: AsyncClient, settings: Settings) -> None:
    settings.ALLOWED_ORIGINS = ["https://friend.example"]

    response = await async_client.options("/api/prices", headers={"Origin": "https://friend.example"})

    assert response.status_code == 204
    assert "If-None-Match" in response.headers["Access-Control-Allow-Headers"]


async def test_addresses_that_do_not_exist_are_said_in_json(async_client: AsyncClient) -> None:
    response = await async_client.get("/api/price")

    assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")
