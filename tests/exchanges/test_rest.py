"""An exchange over HTTP, asked at the simulator's real socket."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from market.core.clock_offset import RESOLUTION
from market.core.tick import Kind
from market.exchanges import EXCHANGES
from market.exchanges.base import NotAQuote, Refused, SymbolInfo, UnknownSymbol, Unreachable
from market.exchanges.pace import Pace
from market.exchanges.rest import Rest
from market.simulator import Simulator
from market.simulator.faults import Faults

LISTED = ("BTCUSDT", "SHIBUSDT", "币安人生USDT", "MATICUSDT")


async def test_says_what_a_symbol_is() -> None:
    async with Simulator(symbols=LISTED) as exchange:
        infos = await Rest("binance", exchange.rest_url).info(LISTED)

    assert infos["BTCUSDT"] == SymbolInfo("BTCUSDT", "BTC", "USDT", "TRADING", Decimal("0.01"))
    assert infos["SHIBUSDT"].tick_size == Decimal("0.00000001")
    assert infos["MATICUSDT"].status == "BREAK"
    assert infos["币安人生USDT"].base == "币安人生"


async def test_one_unknown_symbol_does_not_hide_the_others() -> None:
    async with Simulator(symbols=LISTED) as exchange:
        rest = Rest("binance", exchange.rest_url)

        assert (await rest.info(["BTCUSDT", "NOBODYUSDT"])).keys() == {"BTCUSDT"}
        assert await rest.info(["NOBODYUSDT"]) == {}
        assert await rest.info(["not a symbol"]) == {}
        assert await rest.info([]) == {}


async def test_an_unknown_symbol_is_refused_with_the_exchanges_word() -> None:
    async with Simulator(symbols=LISTED) as exchange:
        with pytest.raises(UnknownSymbol, match="NOBODYUSDT: Invalid symbol."):
            await Rest("binance", exchange.rest_url).symbol("NOBODYUSDT")


async def test_gives_the_first_prices_of_those_it_lists() -> None:
    async with Simulator(symbols=LISTED) as exchange:
        ticks = await Rest("binance", exchange.rest_url).tickers([*LISTED, "NOBODYUSDT"])

    assert {tick.symbol for tick in ticks} == set(LISTED)
    assert {tick.kind for tick in ticks} == {Kind.TICKER}
    assert all(tick.numbers["price"] > 0 and tick.time_ms == tick.order for tick in ticks)


async def test_many_symbols_are_asked_in_portions() -> None:
    async with Simulator(symbols=230) as exchange:
        rest = Rest("binance", exchange.rest_url)
        symbols = list(exchange.market.listings)

        assert len(await rest.info(symbols)) == 230
        assert len(await rest.tickers(symbols)) == 230


@pytest.mark.parametrize(("status", "word"), [(451, "restricted location"), (429, "weight"), (418, "banned")])
async def test_a_refusal_has_the_exchanges_word_and_is_obeyed(status: int, word: str) -> None:
    now = 0.0
    async with Simulator(symbols=LISTED) as exchange:
        exchange.faults.rest_status, exchange.faults.retry_after = status, 300
        rest = Rest("binance", exchange.rest_url, clock=lambda: now)
        with pytest.raises(Refused, match=f"HTTP {status} .*{word}") as refused:
            await rest.info(["BTCUSDT"])
        exchange.faults.clear()
        with pytest.raises(Refused) as still:
            await rest.info(["BTCUSDT"])
        now = 301.0

        assert await rest.info(["BTCUSDT"])
        assert (refused.value.status, refused.value.retry_after) == (status, 300.0)
        assert (still.value.status, still.value.retry_after) == (status, 300.0)


async def test_a_server_error_is_refused_but_may_be_asked_again() -> None:
    async with Simulator(symbols=LISTED) as exchange:
        rest = Rest("binance", exchange.rest_url)
        exchange.faults.rest_status = 503
        with pytest.raises(Refused, match="HTTP 503"):
            await rest.info(["BTCUSDT"])
        exchange.faults.clear()

        assert await rest.info(["BTCUSDT"])


async def test_a_used_up_budget_is_left_alone_for_a_minute() -> None:
    now = 0.0
    body = b'{"symbols":[]}'
    head = b"HTTP/1.1 200 OK\r\nX-MBX-USED-WEIGHT-1M: 5500\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with answering(head + body) as url:
        rest = Rest("binance", url, clock=lambda: now)
        assert await rest.info(["BTCUSDT"]) == {}
        with pytest.raises(Refused, match="budget"):
            await rest.info(["BTCUSDT"])
        now = 61.0
        assert await rest.info(["BTCUSDT"]) == {}


async def test_no_answer_is_unreachable() -> None:
    async with Simulator(symbols=LISTED) as exchange:
        url = exchange.rest_url
    with pytest.raises(Unreachable):
        await Rest("binance", url).info(["BTCUSDT"])
    with pytest.raises(Unreachable):
        await Rest("binance", "http://[nonsense").info(["BTCUSDT"])


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 200 OK\r\n\r\n<html>", b"HTTP/1.1 200 OK\r\n\r\n{}", b"gibberish\r\n\r\n", b"", None]
)
async def test_an_answer_in_no_known_language_is_unreachable(answer: bytes | None) -> None:
    async with answering(answer) as url:
        with pytest.raises(Unreachable):
            await Rest("binance", url, pace=Pace(open_timeout=0.3)).info(["BTCUSDT"])


@asynccontextmanager
async def answering(answer: bytes | None) -> AsyncIterator[str]:
    """A server that answers every request with these bytes, or with none until the client goes."""
    conversations: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is None:
            await reader.read()
        else:
            writer.write(answer)
        writer.close()
        await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversations.add(asyncio.create_task(converse(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    yield f"http://{host}:{port}"
    server.close()
    await asyncio.gather(*conversations)


@pytest.mark.parametrize("skew", [-2000, 0, 2000])
async def test_measures_the_exchanges_clock_and_says_how_well(skew: int) -> None:
    truth = time.time() - time.monotonic() + skew / 1000
    async with Simulator(symbols=LISTED, faults=Faults(clock_skew=skew)) as exchange:
        offset = await Rest("binance", exchange.rest_url).clock_offset()

    assert abs(offset.seconds - truth) <= offset.error + 0.001
    assert offset.error < 1.0


async def test_connecting_is_no_part_of_the_round_trip() -> None:
    async with Simulator(symbols=LISTED) as exchange:
        rest, began = Rest("binance", exchange.rest_url), time.monotonic()
        offset = await rest.clock_offset()
        whole = time.monotonic() - began

    assert offset.error - RESOLUTION < whole / 2
    assert began < offset.at < began + whole


@pytest.mark.parametrize("payload", [None, [], {}, {"serverTime": "1499827319559"}, {"serverTime": True}])
def test_what_is_no_time_is_refused(payload: object) -> None:
    with pytest.raises(NotAQuote, match="serverTime"):
        EXCHANGES["binance"].time(payload)
