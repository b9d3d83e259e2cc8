"""`/api/candles`: stored candles, the open one last, what never comes, and what cannot be asked."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError
from django.test import AsyncClient

from market import history
from market.core.candle import Candle
from market.core.interval import MINUTE_MS
from market.history import Gap
from market.relay import Relay
from tests.support.batches import BTC, feed_status
from tests.support.candles import DAY_MS, batch, candle, walk

ADDRESS = "/api/candles"


@sync_to_async
def store(*minutes: Candle, source: str = "simulator") -> None:
    history.write(source, {BTC: list(minutes)})


async def get(client: AsyncClient, query: str = "", **headers: str) -> Any:
    return await client.get(f"{ADDRESS}?symbol=BTCUSDT{query}", headers=headers)


async def times(client: AsyncClient, query: str = "") -> list[int]:
    """Minutes after midnight at which the candles opened."""
    response = await get(client, query)
    assert response.status_code == 200, response.content
    return [(each["time"] - DAY_MS) // MINUTE_MS for each in response.json()["data"]]


@pytest.fixture
async def stored(relay: Relay) -> Relay:
    """A feed that is live, and ten closed minutes."""
    relay.hub.hear(feed_status())
    await store(*walk(range(100, 110)))
    return relay


async def test_stored_minutes_come_in_the_order_of_time(stored: Relay, async_client: AsyncClient) -> None:
    body = (await get(async_client)).json()

    named = {name: body[name] for name in ("symbol", "exchange", "interval", "source", "gaps", "complete")}
    assert named == {
        "symbol": "BTCUSDT",
        "exchange": "binance",
        "interval": "1m",
        "source": "simulator",
        "gaps": [],
        "complete": True,
    }
    assert [each["close"] for each in body["data"]] == list(range(100, 110))
    assert all(each["closed"] for each in body["data"])


async def test_numbers_keep_their_digits(relay: Relay, async_client: AsyncClient) -> None:
    relay.hub.hear(feed_status())
    await store(candle("0.00000862 0.000008620000000001 0.00000862 0.00000862", volume="123456789012345.12345678"))

    content = (await get(async_client)).content

    assert b'"high":0.000008620000000001,' in content
    assert b'"volume":123456789012345.12345678,' in content


async def test_the_open_candle_comes_last(stored: Relay, async_client: AsyncClient) -> None:
    stored.hub.candles.hear(batch((BTC, candle("109 120 109 118", at=10, closed=False))))

    last = (await get(async_client)).json()["data"][-1]
    five = (await get(async_client, "&interval=5m")).json()["data"]
    hour = (await get(async_client, "&interval=1h")).json()["data"]

    assert (last["close"], last["closed"]) == (118, False)
    assert [(each["time"] - DAY_MS) // MINUTE_MS for each in five] == [0, 5, 10]
    assert [each["closed"] for each in five] == [True, True, False]
    assert [(each["open"], each["high"], each["close"], each["closed"]) for each in hour] == [(100, 120, 118, False)]
    assert await times(async_client, f"&to={DAY_MS + 10 * MINUTE_MS}&limit=2") == [8, 9]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("&limit=3", [7, 8, 9]),
        (f"&from={DAY_MS + 2 * MINUTE_MS}&limit=2", [2, 3]),
        (f"&to={DAY_MS + 2 * MINUTE_MS}", [0, 1]),
        ("&from=2026-01-10T00:07:00Z", [7, 8, 9]),
        ("&from=2026-01-10T00:07:00%2B00:00&to=2026-01-10T00:08Z", [7]),
        ("&from=2026-01-10T00:08:00", [8, 9]),
        ("&from=2026-01-10T02:08:00+02:00", [8, 9]),
        ("&from=2026-01-11", []),
    ],
)
async def test_a_range_is_chosen(stored: Relay, async_client: AsyncClient, query: str, found: list[int]) -> None:
    assert await times(async_client, query) == found


async def test_what_never_comes_is_listed(relay: Relay, async_client: AsyncClient) -> None:
    relay.hub.hear(feed_status())
    await store(candle(at=0), candle(at=4))
    gap = Gap(DAY_MS + MINUTE_MS, DAY_MS + 4 * MINUTE_MS, "not_traded")
    await sync_to_async(history.mark)(*BTC, "simulator", [gap])

    body = (await get(async_client)).json()

    assert [(each["from"], each["to"]) for each in body["gaps"]] == [(gap.start_ms, gap.end_ms)]
    assert body["complete"] is True


async def test_the_same_answer_is_304_until_something_changed(stored: Relay, async_client: AsyncClient) -> None:
    tag = (await get(async_client))["ETag"]

    same = await get(async_client, **{"If-None-Match": tag})
    other = await get(async_client, "&interval=5m", **{"If-None-Match": tag})
    await store(candle(at=10))
    stored_more = await get(async_client, **{"If-None-Match": tag})
    stored.hub.candles.hear(batch((BTC, candle(at=11, closed=False))))
    live = await get(async_client, **{"If-None-Match": stored_more["ETag"]})

    assert (same.status_code, same.content, same["ETag"]) == (304, b"", tag)
    assert [answer.status_code for answer in (other, stored_more, live)] == [200, 200, 200]


async def test_simulated_candles_never_mix_with_real_ones(stored: Relay, async_client: AsyncClient) -> None:
    stored.hub.hear(feed_status(source="binance", seq=1, epoch="k9"))

    body = (await get(async_client)).json()

    assert (body["source"], body["data"]) == ("binance", [])


async def test_a_process_that_heard_of_no_price_shows_what_was_stored_last(
    relay: Relay, async_client: AsyncClient
) -> None:
    await store(candle(), source="replay")

    body = (await get(async_client)).json()

    assert (body["source"], len(body["data"])) == ("replay", 1)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?symbol=NOSUCH", "unknown_symbol"),
        ("?symbol=", "bad_field"),
        ("", "bad_field"),
        (f"?symbol={'X' * 65}", "bad_field"),
        ("?symbol=BTCUSDT&interval=3m", "bad_field"),
        ("?symbol=BTCUSDT&interval=", "bad_field"),
        ("?symbol=BTCUSDT&interval=1M", "bad_field"),
        ("?symbol=BTCUSDT&limit=0", "bad_field"),
        ("?symbol=BTCUSDT&limit=1001", "bad_field"),
        ("?symbol=BTCUSDT&limit=٣", "bad_field"),
        ("?symbol=BTCUSDT&from=yesterday", "bad_field"),
        ("?symbol=BTCUSDT&from=-1", "bad_field"),
        ("?symbol=BTCUSDT&from=1e12", "bad_field"),
        ("?symbol=BTCUSDT&to=99999999999999999999", "bad_field"),
        ("?symbol=BTCUSDT&to=2026-13-40", "bad_field"),
        ("?symbol=BTCUSDT&from=2000&to=1000", "bad_field"),
    ],
)
async def test_what_cannot_be_asked_is_refused(relay: Relay, async_client: AsyncClient, query: str, code: str) -> None:
    response = await async_client.get(ADDRESS + query)

    assert (response.status_code, response.json()["error"]["code"]) == (400, code)


async def test_other_methods_are_refused(relay: Relay, async_client: AsyncClient) -> None:
    assert (await async_client.post(ADDRESS)).status_code == 405
    assert (await async_client.head(f"{ADDRESS}?symbol=BTCUSDT")).status_code == 200


async def test_a_database_that_does_not_answer_is_said(
    stored: Relay, async_client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise OperationalError("locked")

    monkeypatch.setattr("market.history.latest_change", fail)

    response = await get(async_client)

    assert (response.status_code, response.json()["error"]["code"]) == (503, "database_unavailable")
