"""Open candles over real sockets, on both servers: asked for, followed, ended; and over SSE."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from market.core.interval import Interval
from tests.support.live import SERVERS, LiveServer, live_on


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[LiveServer]:
    with live_on(request.param) as live:
        yield live


@pytest.fixture
async def socket(server: LiveServer) -> AsyncIterator[ClientConnection]:
    async with connect(f"{server.ws_url}/ws/prices?symbols=BTCUSDT") as connection:
        yield connection


async def receive(socket: ClientConnection, kind: str) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = json.loads(await socket.recv())
        if message["type"] == kind:
            return message


async def ask(socket: ClientConnection, kind: str, **message: Any) -> dict[str, Any]:
    await socket.send(json.dumps(message))
    return await receive(socket, kind)


def is_whole(candle: dict[str, Any], interval: Interval) -> bool:
    ordered = candle["low"] <= min(candle["open"], candle["close"]) <= candle["high"]
    return bool(ordered and candle["time"] % interval.ms == 0 and candle["closed"] is False)


async def test_the_open_minute_follows_a_subscription(socket: ClientConnection) -> None:
    answer = await ask(socket, "subscribed", type="subscribe", symbols=["ETHUSDT"], candles=["1m"])
    first, second = await receive(socket, "candle"), await receive(socket, "candle")

    assert answer["candles"] == {"1m": ["ETHUSDT"]}
    for message in (first, second):
        assert (message["symbol"], message["exchange"], message["interval"]) == ("ETHUSDT", "binance", "1m")
        assert is_whole(message["candle"], Interval.M1) or message["candle"]["closed"]
    assert set(first["candle"]) >= {"time", "open", "high", "low", "close", "volume", "quote_volume", "trades"}
    assert first["timestamp"] <= second["timestamp"]


@pytest.mark.parametrize("interval", [each for each in Interval if each is not Interval.M1])
async def test_every_longer_interval_is_live_too(server: LiveServer, interval: Interval) -> None:
    async with connect(f"{server.ws_url}/ws/prices?symbols=SOLUSDT&candles={interval}") as socket:
        message = await receive(socket, "candle")

    assert message["interval"] == interval
    assert is_whole(message["candle"], interval)


async def test_candles_end_and_prices_go_on(socket: ClientConnection) -> None:
    await ask(socket, "candle", type="subscribe", symbols=["BTCUSDT"], candles=["1m", "5m"])

    answer = await ask(socket, "subscribed", type="unsubscribe", symbols=["BTCUSDT"], candles=["1m"])
    assert (answer["symbols"], answer["candles"]) == (["BTCUSDT"], {"5m": ["BTCUSDT"]})
    assert (await receive(socket, "candle"))["interval"] == "5m"
    assert (await receive(socket, "price_update"))["data"]

    ended = await ask(socket, "subscribed", type="unsubscribe", symbols=["BTCUSDT"])
    assert (ended["symbols"], "candles" in ended) == ([], False)


async def test_all_watched_symbols_can_be_asked_for(socket: ClientConnection) -> None:
    answer = await ask(socket, "subscribed", type="subscribe", symbols="*", candles=["1m"])
    seen = {(await receive(socket, "candle"))["symbol"] for _ in range(32)}

    assert answer["candles"] == {"1m": "*"}
    assert len(seen) > 8


@pytest.mark.parametrize("candles", ["1m", ["3m"], [1], [None], {"1m": 1}, ["1m"] * 33, None])
async def test_an_interval_that_is_none_is_an_error_and_changes_nothing(socket: ClientConnection, candles: Any) -> None:
    error = await ask(socket, "error", type="subscribe", symbols=["ETHUSDT"], candles=candles)
    pong = await ask(socket, "subscribed", type="subscribe", symbols=[])

    assert error["code"] == "bad_field"
    assert (pong["symbols"], "candles" in pong) == (["BTCUSDT"], False)


async def test_a_query_with_an_unknown_interval_is_an_error(server: LiveServer) -> None:
    async with connect(f"{server.ws_url}/ws/prices?candles=2m") as socket:
        assert (await receive(socket, "error"))["code"] == "bad_field"
    assert httpx.get(f"{server.url}/api/sse/prices?candles=2m").json()["error"]["code"] == "bad_field"


async def test_sse_tells_the_same(server: LiveServer) -> None:
    url = f"{server.url}/api/sse/prices?symbols=BTCUSDT&candles=1m"
    async with httpx.AsyncClient(timeout=30) as client, client.stream("GET", url) as stream:
        lines = stream.aiter_lines()
        async for line in lines:
            if line == "event: candle":
                break
        message = json.loads((await anext(lines)).removeprefix("data: "))

    assert (message["symbol"], message["interval"]) == ("BTCUSDT", "1m")
    assert is_whole(message["candle"], Interval.M1)
