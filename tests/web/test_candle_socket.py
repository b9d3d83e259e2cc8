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


async def test_a_query_can_name_the_symbols_whose_candles_are_wanted(server: LiveServer) -> None:
    words = "candles=binance:ETHUSDT@1m,SOLUSDT@5m,BTCUSDT@1m,NOSUCHUSDT@1m"
    async with connect(f"{server.ws_url}/ws/prices?{words}") as socket:
        answer = await ask(socket, "subscribed", type="subscribe", symbols=[])
        seen: set[tuple[str, str]] = set()
        while len(seen) < 3:
            message = await receive(socket, "candle")
            seen.add((message["symbol"], message["interval"]))
        update = await receive(socket, "price_update")

    assert answer["candles"] == {"1m": ["BTCUSDT", "ETHUSDT"], "5m": ["SOLUSDT"]}
    assert seen == {("BTCUSDT", "1m"), ("ETHUSDT", "1m"), ("SOLUSDT", "5m")}
    assert len(answer["symbols"]) > 8 and update["data"]  # prices are of all, as without them


async def test_candles_of_all_and_of_one_symbol_can_be_wanted_at_once(server: LiveServer) -> None:
    async with connect(f"{server.ws_url}/ws/prices?symbols=BTCUSDT&candles=1m,ETHUSDT@1m") as socket:
        answer = await ask(socket, "subscribed", type="subscribe", symbols=[])

    assert (answer["symbols"], answer["candles"]) == (["BTCUSDT"], {"1m": ["BTCUSDT", "ETHUSDT"]})


@pytest.mark.parametrize("words", ["BTCUSDT@2m", "BTCUSDT@", f"{'A' * 65}@1m", ",".join(["BTCUSDT@1m"] * 101)])
async def test_words_that_name_no_candles_are_an_error(server: LiveServer, words: str) -> None:
    assert httpx.get(f"{server.url}/api/sse/prices?candles={words}").json()["error"]["code"] == "bad_field"


async def test_sse_tells_those_of_the_symbol_that_is_named_and_no_other(server: LiveServer) -> None:
    url = f"{server.url}/api/sse/prices?candles=BTCUSDT@1m,NOSUCHUSDT@1m"
    seen: list[tuple[str, str]] = []
    async with httpx.AsyncClient(timeout=30) as client, client.stream("GET", url) as stream:
        lines = stream.aiter_lines()
        while len(seen) < 3:
            if await anext(lines) == "event: candle":
                message = json.loads((await anext(lines)).removeprefix("data: "))
                seen.append((message["symbol"], message["interval"]))

    assert set(seen) == {("BTCUSDT", "1m")}
