"""The simulated exchange over real sockets: the plain case."""

import json

import httpx
from websockets.asyncio.client import connect

from market.simulator import Simulator


async def test_sends_the_tickers_of_the_streams_in_the_url() -> None:
    async with Simulator(seed=1, symbols=("BTCUSDT", "ETHUSDT"), rate=50) as exchange:
        url = f"{exchange.stream_url}/stream?streams=btcusdt@ticker/ethusdt@ticker"
        async with connect(url, proxy=None) as client:
            messages = [json.loads(await client.recv()) for _ in range(20)]

    assert {message["stream"] for message in messages} == {"btcusdt@ticker", "ethusdt@ticker"}


async def test_lists_its_symbols_over_rest_on_the_same_port() -> None:
    async with (
        Simulator(seed=1, symbols=("BTCUSDT", "SHIBUSDT")) as exchange,
        httpx.AsyncClient(base_url=exchange.rest_url, trust_env=False, verify=False) as client,
    ):
        answer = await client.get("/api/v3/exchangeInfo")

    assert [entry["symbol"] for entry in answer.json()["symbols"]] == ["BTCUSDT", "SHIBUSDT"]
    assert answer.headers["X-MBX-USED-WEIGHT-1M"] == "20"
