"""`POST /api/sse/test-broadcast`: staff only, and every bad body is a 400 with its reason."""

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import OperationalError
from django.test import AsyncClient

from market.relay import Relay
from tests.support.batches import price_batch, wire_quote

PATH = "/api/sse/test-broadcast"
BROADCAST = {"symbol": "BTCUSDT", "price": 95000, "change_24h": 2.5}


async def signed_in(client: AsyncClient, **rights: Any) -> AsyncClient:
    user = await sync_to_async(get_user_model().objects.create_user)("alice", **rights)
    await client.aforce_login(user)
    return client


@pytest.fixture
async def staff(relay: Relay, async_client: AsyncClient) -> AsyncClient:
    return await signed_in(async_client, is_staff=True)


async def post(client: AsyncClient, body: Any) -> tuple[int, str]:
    """The status and the error's code; `body` goes as JSON unless it is bytes."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = await client.post(PATH, content, content_type="application/json")
    return response.status_code, response.json()["error"]["code"]


async def test_strangers_are_refused(relay: Relay, async_client: AsyncClient) -> None:
    assert await post(async_client, BROADCAST) == (403, "forbidden")


async def test_users_who_are_not_staff_are_refused(relay: Relay, async_client: AsyncClient) -> None:
    assert await post(await signed_in(async_client), BROADCAST) == (403, "forbidden")


async def test_another_sites_form_cannot_send_one(relay: Relay) -> None:
    client = await signed_in(AsyncClient(enforce_csrf_checks=True), is_staff=True)

    assert await post(client, BROADCAST) == (403, "csrf_failed")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"\x00", b"[1]", b'"x"', b"[" * 4000, b'{"price":NaN}', b'{"price":Infinity}', b"null"],
)
async def test_what_is_no_json_object_is_refused(staff: AsyncClient, body: bytes) -> None:
    assert await post(staff, body) == (400, "bad_json")


@pytest.mark.parametrize(
    "price",
    [
        None,
        0,
        -1,
        "95000",
        True,
        [],
        {},
        "NaN",
        b"1e400000",
        b"1e99999999999999999999",
        b"1e-400000",
        b"9" * 4000,
        b"0." + b"1" * 100,
        b"-0.0",
    ],
)
async def test_a_price_that_cannot_be_is_refused(staff: AsyncClient, price: Any) -> None:
    text = price if isinstance(price, bytes) else json.dumps(price).encode()

    status, code = await post(staff, b'{"symbol":"BTCUSDT","price":' + text + b"}")

    assert (status, code) in [(400, "bad_field"), (400, "bad_json")]


@pytest.mark.parametrize("change", ["2.5", True, [1], b"1e999999"])
async def test_a_change_that_cannot_be_is_refused(staff: AsyncClient, change: Any) -> None:
    text = change if isinstance(change, bytes) else json.dumps(change).encode()
    body = b'{"symbol":"BTCUSDT","price":1,"change_24h":' + text + b"}"

    assert await post(staff, body) == (400, "bad_field")


@pytest.mark.parametrize("symbol", ["FOOUSDT", "", "\ud800", "okx:BTCUSDT", "x" * 3000, "*"])
async def test_a_symbol_that_is_not_watched_is_refused(staff: AsyncClient, symbol: str) -> None:
    assert await post(staff, {"symbol": symbol, "price": 1}) == (400, "unknown_symbol")


@pytest.mark.parametrize("symbol", [None, 7, ["BTCUSDT"]])
async def test_a_symbol_is_a_text(staff: AsyncClient, symbol: Any) -> None:
    assert await post(staff, {"symbol": symbol, "price": 1}) == (400, "bad_field")


async def test_a_large_body_is_refused(staff: AsyncClient) -> None:
    assert await post(staff, {**BROADCAST, "note": "x" * 5000}) == (400, "too_big")


async def test_a_form_is_no_json(staff: AsyncClient) -> None:
    response = await staff.post(PATH, {"symbol": "BTCUSDT", "price": "1"})

    assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_json")


async def test_without_a_feed_it_says_so(staff: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("market.round_trip.ANSWER_WITHIN", 0.1)

    assert await post(staff, BROADCAST) == (503, "feed_silent")


async def test_without_a_database_it_says_so(staff: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise OperationalError("the disk is on fire")

    monkeypatch.setattr("django.contrib.auth.middleware.auser", fail)

    assert await post(staff, BROADCAST) == (503, "database_unavailable")


async def test_it_answers_when_the_quote_has_come_back(
    staff: AsyncClient, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def feed(quote: Any) -> bool:
        """In place of the door to the feed: both it and a colleague's broadcast come by."""
        other = wire_quote("BTCUSDT", "1", source="test")
        relay.hub.apply(price_batch(other, seq=1))
        relay.hub.apply(price_batch(wire_quote(quote.symbol, quote.price, source="test"), seq=2))
        return True

    monkeypatch.setattr("market.round_trip.tell_feed", feed)

    response = await staff.post(PATH, {**BROADCAST, "price": 95000.10}, content_type="application/json")

    data = response.json()["data"]
    assert (data["symbol"], data["price"], data["cursor"]) == ("BTCUSDT", "95000.1", "k3f9:2")
    assert 0 <= data["round_trip_ms"] < 2000


async def test_get_is_refused(relay: Relay, async_client: AsyncClient) -> None:
    response = await async_client.get(PATH)

    assert (response.status_code, response.headers["Allow"]) == (405, "POST, OPTIONS")
