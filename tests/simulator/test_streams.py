"""The payload of each stream, over a real socket: exact fields, and what every real ticker satisfies."""

import re
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from market.simulator import Simulator
from market.simulator.instrument import KNOWN
from tests.simulator.clients import combined, raw, received, received_until

TICKER_FIELDS = list("eEspPwxcQbBaAohlvqOCFLn")
DECIMAL8 = re.compile(r"-?[0-9]+\.[0-9]{8}")
TRADING = [instrument.symbol for instrument in KNOWN if instrument.status == "TRADING"]


def assert_is_a_real_ticker(ticker: dict[str, Any]) -> None:
    """The invariants found in all 16 real samples."""
    numbers = {key: Decimal(ticker[key]) for key in "pwxcQbBaAohlvq"}
    assert all(DECIMAL8.fullmatch(ticker[key]) for key in "pwxcQbBaAohlvq")
    assert re.fullmatch(r"-?[0-9]+\.[0-9]{3}", ticker["P"])
    assert ticker["n"] == ticker["L"] - ticker["F"] + 1
    assert numbers["p"] == numbers["c"] - numbers["o"]
    assert abs(numbers["w"] - numbers["q"] / numbers["v"]) <= Decimal("1e-8")
    assert abs(Decimal(ticker["P"]) - numbers["p"] * 100 / numbers["o"]) <= Decimal("0.0005")
    assert ticker["C"] - ticker["O"] == 86_400_000
    assert ticker["E"] >= ticker["C"]
    assert 0 < numbers["l"] <= min(numbers["c"], numbers["o"], numbers["w"])
    assert numbers["h"] >= max(numbers["c"], numbers["o"], numbers["w"])
    assert 0 < numbers["b"] < numbers["a"]


async def test_every_ticker_satisfies_the_invariants_of_real_ones() -> None:
    streams = [f"{symbol.lower()}@ticker" for symbol in TRADING]
    async with Simulator(seed=7, rate=200) as exchange, combined(exchange, *streams) as client:
        messages = [await received(client) for _ in range(1500)]

    for message in messages:
        assert list(message["data"]) == TICKER_FIELDS
        assert message["data"]["e"] == "24hrTicker"
        assert message["stream"] == f"{message['data']['s'].lower()}@ticker"
        assert_is_a_real_ticker(message["data"])
    assert {message["data"]["s"] for message in messages} == set(TRADING)


async def test_window_numbers_move_both_ways_while_ids_only_grow() -> None:
    now = 1_795_176_000_000
    async with (
        Simulator(seed=3, symbols=("BTCUSDT",), rate=0, clock=lambda: now) as exchange,
        raw(exchange, "/ws/btcusdt@ticker") as client,
    ):
        tickers = []
        for trades in (1, 2) * 150:
            now += 1000
            exchange.burst("BTCUSDT", trades)
            tickers += [await received(client) for _ in range(trades)]

    assert all(before["L"] < after["L"] and before["E"] <= after["E"] for before, after in pairwise(tickers))
    for key in ("n", "v", "q", "o"):
        signs = {Decimal(after[key]) > Decimal(before[key]) for before, after in pairwise(tickers)}
        assert signs == {True, False}, key


async def test_cheap_symbols_move_by_single_ticks() -> None:
    async with (
        Simulator(seed=1, symbols=("SHIBUSDT",), rate=300) as exchange,
        raw(exchange, "/ws/shibusdt@trade") as client,
    ):
        prices = {Decimal((await received(client))["p"]) for _ in range(1000)}

    assert len(prices) > 3
    assert all(Decimal("0.000005") < price < Decimal("0.000015") for price in prices)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("miniTicker", ["e", "E", "s", "c", "o", "h", "l", "v", "q"]),
        ("trade", ["e", "E", "s", "t", "p", "q", "T", "m", "M"]),
        ("aggTrade", ["e", "E", "s", "a", "p", "q", "f", "l", "T", "m", "M"]),
        ("bookTicker", ["u", "s", "b", "B", "a", "A"]),
        ("kline_1m", ["e", "E", "s", "k"]),
    ],
)
async def test_payload_has_exactly_the_documented_fields(kind: str, fields: list[str]) -> None:
    async with (
        Simulator(symbols=("ETHUSDT",), rate=50) as exchange,
        raw(exchange, f"/ws/ethusdt@{kind}") as client,
    ):
        payload = await received(client)

    assert list(payload) == fields
    assert payload["s"] == "ETHUSDT"
    texts = [value for key, value in payload.items() if isinstance(value, str) and key not in "es"]
    assert all(DECIMAL8.fullmatch(text) for text in texts)


async def test_trades_are_numbered_without_a_gap_and_the_book_forward() -> None:
    async with (
        Simulator(symbols=("ETHUSDT",), rate=100) as exchange,
        combined(exchange, "ethusdt@trade", "ethusdt@aggTrade", "ethusdt@bookTicker") as client,
    ):
        messages = [await received(client) for _ in range(300)]

    by_kind = {
        kind: [message["data"][key] for message in messages if message["stream"] == f"ethusdt@{kind}"]
        for kind, key in (("trade", "t"), ("aggTrade", "a"), ("bookTicker", "u"))
    }
    assert all(after == before + 1 for before, after in pairwise(by_kind["trade"]))
    assert all(after == before + 1 for before, after in pairwise(by_kind["aggTrade"]))
    assert all(after > before for before, after in pairwise(by_kind["bookTicker"]))


async def test_kline_holds_the_newest_trade() -> None:
    async with (
        Simulator(symbols=("ETHUSDT",), rate=50) as exchange,
        combined(exchange, "ethusdt@kline_1h") as client,
    ):
        candle = (await received(client))["data"]["k"]

    assert list(candle) == list("tTsifLochlvnxqVQB")
    assert candle["i"] == "1h"
    assert candle["T"] - candle["t"] == 3_599_999
    assert candle["n"] == candle["L"] - candle["f"] + 1
    assert Decimal(candle["l"]) <= Decimal(candle["c"]) <= Decimal(candle["h"])


async def test_whole_market_array_holds_only_symbols_that_changed() -> None:
    async with (
        Simulator(symbols=("BTCUSDT", "ETHUSDT", "MATICUSDT"), rate=0) as exchange,
        raw(exchange, "/ws/!miniTicker@arr") as client,
    ):
        exchange.set_price("ETHUSDT", Decimal("3200.50"))
        rows = await received(client)

    assert [(row["e"], row["s"], row["c"]) for row in rows] == [("24hrMiniTicker", "ETHUSDT", "3200.50000000")]


async def test_non_ascii_symbol_works_percent_encoded() -> None:
    async with (
        Simulator(symbols=("币安人生USDT",), rate=50) as exchange,
        combined(exchange, "币安人生usdt@ticker") as client,
    ):
        message = await received(client)

    assert message["stream"] == "币安人生usdt@ticker"
    assert message["data"]["s"] == "币安人生USDT"


async def test_whole_query_may_be_percent_encoded() -> None:
    async with Simulator(symbols=("BTCUSDT", "ETHUSDT"), rate=50) as exchange:
        path = "/stream?streams=btcusdt%40ticker%2Fethusdt%40ticker"
        async with raw(exchange, path) as client:
            await received_until(client, lambda message: message["stream"] == "ethusdt@ticker")
        assert len(exchange.connects) == 1


async def test_same_seed_gives_the_same_prices() -> None:
    async def prices(seed: int) -> list[str]:
        async with (
            Simulator(seed=seed, symbols=("BTCUSDT",), rate=0, clock=lambda: 1_795_176_000_000) as exchange,
            raw(exchange, "/ws/btcusdt@trade") as client,
        ):
            exchange.burst("BTCUSDT", 50)
            return [(await received(client))["p"] for _ in range(50)]

    first = await prices(5)

    assert first == await prices(5)
    assert first != await prices(6)


async def test_set_price_reaches_every_stream_exactly() -> None:
    kinds = ("ticker", "miniTicker", "trade", "aggTrade")
    streams = [f"btcusdt@{kind}" for kind in kinds]
    async with (
        Simulator(symbols=("BTCUSDT",), rate=0) as exchange,
        combined(exchange, *streams) as client,
    ):
        exchange.set_price("BTCUSDT", Decimal("64000.5"))
        messages = [await received(client) for _ in streams]

    payloads = {message["stream"]: message["data"] for message in messages}
    assert payloads["btcusdt@ticker"]["c"] == payloads["btcusdt@miniTicker"]["c"] == "64000.50000000"
    assert payloads["btcusdt@trade"]["p"] == payloads["btcusdt@aggTrade"]["p"] == "64000.50000000"
    assert_is_a_real_ticker(payloads["btcusdt@ticker"])


async def test_emit_sends_a_payload_of_ones_own_in_both_shapes() -> None:
    async with (
        Simulator(rate=0) as exchange,
        combined(exchange, "btcusdt@trade") as framed,
        raw(exchange, "/ws/btcusdt@trade") as plain,
    ):
        await exchange.emit("btcusdt@trade", '{"mine":1}')

        assert await received(framed) == {"stream": "btcusdt@trade", "data": {"mine": 1}}
        assert await received(plain) == {"mine": 1}


@pytest.mark.parametrize("price", [Decimal(0), Decimal(-1), Decimal("0.000000001")])
def test_set_price_refuses_what_is_no_price(price: Decimal) -> None:
    with pytest.raises(ValueError, match=r"price|decimals"):
        Simulator(symbols=("BTCUSDT",)).set_price("BTCUSDT", price)


def test_generates_as_many_symbols_as_asked() -> None:
    symbols = list(Simulator(symbols=1000).market.listings)

    assert symbols[:2] == ["BTCUSDT", "ETHUSDT"]
    assert len(symbols) == 1000
    assert "SYM001USDT" in symbols
