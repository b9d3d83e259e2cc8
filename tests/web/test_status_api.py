"""`GET /api/sse/status`."""

from django.test import AsyncClient

from market.relay import Relay
from tests.support.batches import EPOCH, feed_status, price_batch, wire_quote


async def test_it_says_how_the_feed_is_and_who_listens(relay: Relay, async_client: AsyncClient) -> None:
    relay.hub.hear(feed_status())
    relay.hub.apply(price_batch(wire_quote()))

    body = (await async_client.get("/api/sse/status")).json()

    age = body["data"].pop("last_tick_age_ms")
    assert 0 <= age < 60_000
    assert body == {
        "code": 1,
        "data": {
            "running": True,
            "connected_clients": 0,
            "clients": {"ws": 0, "sse": 0, "poll": 0, "events": 0},
            "feed": "live",
            "source": "simulator",
            "reason": "",
            "symbols": 16,
            "halted": [],
            "silent": [],
            "cursor": f"{EPOCH}:1",
            "counters": {"received": 7},
        },
    }


async def test_before_the_first_price_there_is_no_age(relay: Relay, async_client: AsyncClient) -> None:
    data = (await async_client.get("/api/sse/status")).json()["data"]

    assert (data["last_tick_age_ms"], data["feed"]) == (None, "stale")
