"""The REST twin, over a real socket."""

import json
from decimal import Decimal
from typing import Any

import pytest

from market.simulator import Simulator
from tests.simulator.clients import rest

SYMBOLS = ("BTCUSDT", "SHIBUSDT", "币安人生USDT", "MATICUSDT")


async def got(path: str, **parameters: Any) -> tuple[int, Any]:
    async with Simulator(symbols=SYMBOLS) as exchange, rest(exchange) as client:
        answer = await client.get(path, params=parameters)
    return answer.status_code, answer.json()


async def test_ping_and_time() -> None:
    async with Simulator(clock=lambda: 1_700_000_000_000) as exchange, rest(exchange) as client:
        assert (await client.get("/api/v3/ping")).json() == {}
        assert (await client.get("/api/v3/time")).json() == {"serverTime": 1_700_000_000_000}


async def test_exchange_info_gives_status_assets_and_tick_size() -> None:
    status, info = await got("/api/v3/exchangeInfo", symbol="SHIBUSDT")

    (symbol,) = info["symbols"]
    assert status == 200
    assert (symbol["status"], symbol["baseAsset"], symbol["quoteAsset"]) == ("TRADING", "SHIB", "USDT")
    price_filter = next(item for item in symbol["filters"] if item["filterType"] == "PRICE_FILTER")
    assert price_filter["tickSize"] == "0.00000001"


async def test_exchange_info_takes_several_symbols_and_a_status() -> None:
    _, several = await got("/api/v3/exchangeInfo", symbols='["BTCUSDT","币安人生USDT"]')
    _, broken = await got("/api/v3/exchangeInfo", symbolStatus="BREAK")

    assert [entry["symbol"] for entry in several["symbols"]] == ["BTCUSDT", "币安人生USDT"]
    assert [entry["symbol"] for entry in broken["symbols"]] == ["MATICUSDT"]


@pytest.mark.parametrize(
    ("path", "parameters", "code"),
    [
        ("exchangeInfo", {"symbol": "NOPEUSDT"}, -1121),
        ("exchangeInfo", {"symbols": '["BTCUSDT","NOPEUSDT"]'}, -1121),
        ("exchangeInfo", {"symbol": "btcusdt"}, -1100),
        ("exchangeInfo", {"symbols": "BTCUSDT"}, -1100),
        ("exchangeInfo", {"symbol": "BTCUSDT", "symbols": '["BTCUSDT"]'}, -1128),
        ("exchangeInfo", {"symbolStatus": "ASLEEP"}, -1122),
        ("ticker/24hr", {"symbol": "MATICUSDT", "symbolStatus": "TRADING"}, -1220),
        ("ticker/24hr", {"type": "HUGE"}, -1139),
        ("klines", {"interval": "1m"}, -1102),
        ("klines", {"symbol": "BTCUSDT"}, -1102),
        ("klines", {"symbol": "BTCUSDT", "interval": "7m"}, -1120),
        ("klines", {"symbol": "BTCUSDT", "interval": "1m", "limit": "many"}, -1100),
        ("klines", {"symbol": "BTCUSDT", "interval": "1m", "limit": "0"}, -1100),
    ],
)
async def test_refuses_with_400_and_the_exchanges_code(path: str, parameters: Any, code: int) -> None:
    status, error = await got(f"/api/v3/{path}", **parameters)

    assert (status, error["code"]) == (400, code)
    assert error["msg"]


async def test_unknown_symbol_is_refused_in_the_exchanges_words() -> None:
    assert await got("/api/v3/ticker/price", symbol="NOPEUSDT") == (
        400,
        {"code": -1121, "msg": "Invalid symbol."},
    )


@pytest.mark.parametrize("path", ["/", "/nothing", "/api/v1/ticker/24hr", "/wsx", "/streams"])
async def test_unknown_path_is_404_with_json(path: str) -> None:
    status, error = await got(path)

    assert status == 404
    assert error["code"] < 0


async def test_day_ticker_agrees_with_itself() -> None:
    _, day = await got("/api/v3/ticker/24hr", symbol="BTCUSDT")

    assert day["count"] == day["lastId"] - day["firstId"] + 1
    assert day["closeTime"] - day["openTime"] == 86_400_000
    assert Decimal(day["priceChange"]) == Decimal(day["lastPrice"]) - Decimal(day["openPrice"])
    assert Decimal(day["lowPrice"]) <= Decimal(day["lastPrice"]) <= Decimal(day["highPrice"])


async def test_day_ticker_of_a_stopped_symbol_is_old_and_its_book_empty() -> None:
    _, rows = await got("/api/v3/ticker/24hr")

    by_symbol = {row["symbol"]: row for row in rows}
    assert list(by_symbol) == list(SYMBOLS)
    assert by_symbol["MATICUSDT"]["bidPrice"] == "0.00000000"
    assert by_symbol["MATICUSDT"]["closeTime"] < by_symbol["BTCUSDT"]["closeTime"] - 10**9


async def test_mini_day_price_and_book_have_their_own_fields() -> None:
    _, mini = await got("/api/v3/ticker/24hr", symbol="BTCUSDT", type="MINI")
    _, price = await got("/api/v3/ticker/price", symbols='["SHIBUSDT"]')
    _, book = await got("/api/v3/ticker/bookTicker", symbol="BTCUSDT")

    assert "priceChangePercent" not in mini
    assert price == [{"symbol": "SHIBUSDT", "price": "0.00000862"}]
    assert list(book) == ["symbol", "bidPrice", "bidQty", "askPrice", "askQty"]


async def test_counts_weight_and_refuses_beyond_the_limit() -> None:
    async with (
        Simulator(symbols=("BTCUSDT",), clock=lambda: 1_700_000_000_000) as exchange,
        rest(exchange) as client,
    ):
        weights = [
            (await client.get("/api/v3/ticker/24hr", params=parameters)).headers["X-MBX-USED-WEIGHT-1M"]
            for parameters in ({"symbol": "BTCUSDT"}, {"symbols": json.dumps(["BTCUSDT"] * 21)}, {})
        ]
        while (answer := await client.get("/api/v3/ticker/24hr")).status_code == 200:
            pass

    assert weights == ["2", "42", "122"]
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["code"] == -1003
