"""From a real socket of the simulated exchange to a channel of the layer."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest
from django.core.exceptions import ImproperlyConfigured

from market.core.messages import DELAYED, DOWN, LIVE, STALE, Resync, TestQuote
from market.core.staleness import Limits
from market.feed import Feed, feed_from_settings
from market.feed_options import source_of
from market.models import SymbolState, WatchedSymbol
from market.publish import tell_feed
from market.simulator import Simulator
from tests.feed.conftest import QUICK, RunFeed
from tests.support.exchange import until
from tests.support.listener import Listener


async def in_database(work: object) -> object:
    """Database work of a test, off the loop."""
    return await asyncio.to_thread(work)  # type: ignore[arg-type]


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with Listener() as listener:
        yield listener


def price_of(listener: Listener, symbol: str) -> str:
    return listener.quotes[symbol].numbers["price"] if symbol in listener.quotes else ""


async def test_a_price_reaches_the_layer(exchange: Simulator, listener: Listener, run_feed: RunFeed) -> None:
    async with run_feed(exchange):
        await listener.until(lambda heard: {"BTCUSDT", "ETHUSDT"} <= heard.quotes.keys())
        exchange.trading.rate = 0
        exchange.set_price("BTCUSDT", Decimal("61828.02"))
        await listener.until(lambda heard: price_of(heard, "BTCUSDT") == "61828.02")

    quote = listener.quotes["BTCUSDT"]
    assert (quote.exchange, quote.source) == ("binance", "simulator")
    assert listener.batches[0].full
    assert listener.gaps == 0
    assert "SOLUSDT" not in listener.quotes


async def test_a_symbol_comes_and_goes_without_a_reconnect(
    exchange: Simulator, listener: Listener, run_feed: RunFeed
) -> None:
    async with run_feed(exchange) as feed:
        await listener.until(lambda heard: "BTCUSDT" in heard.quotes)
        await in_database(lambda: WatchedSymbol.objects.create(symbol="SOLUSDT", position=9))
        await listener.until(lambda heard: "SOLUSDT" in heard.quotes)
        await until(lambda: "solusdt@ticker" in exchange.subscriptions())

        await in_database(lambda: WatchedSymbol.objects.filter(symbol="SOLUSDT").delete())
        await until(lambda: "solusdt@ticker" not in exchange.subscriptions())
        before = len(listener.batches)
        await tell_feed(Resync())
        await listener.until(lambda heard: any(batch.full for batch in heard.batches[before:]))

        full = next(batch for batch in listener.batches[before:] if batch.full)
        assert {quote.symbol for quote in full.quotes} == {"BTCUSDT", "ETHUSDT"}
        assert feed.counters["reconnects"] == 0
        assert len(exchange.connects) == 1


async def test_every_trade_of_a_fast_symbol_counts_and_its_book_too(
    exchange: Simulator, listener: Listener, run_feed: RunFeed
) -> None:
    async with run_feed(exchange):
        await listener.until(lambda heard: "BTCUSDT" in heard.quotes)
        await in_database(lambda: WatchedSymbol.objects.filter(symbol="BTCUSDT").update(every_trade=True))
        await until(lambda: {"btcusdt@aggTrade", "btcusdt@bookTicker"} <= exchange.subscriptions())
        exchange.trading.rate = 0
        exchange.set_price("BTCUSDT", Decimal("70000"))
        await listener.until(lambda heard: price_of(heard, "BTCUSDT") == "70000")

        await in_database(lambda: WatchedSymbol.objects.filter(symbol="BTCUSDT").update(every_trade=False))
        await until(lambda: "btcusdt@bookTicker" not in exchange.subscriptions())
        exchange.set_price("BTCUSDT", Decimal("70001"))
        await listener.until(lambda heard: price_of(heard, "BTCUSDT") == "70001")


async def test_the_first_prices_do_not_wait_for_the_stream(
    exchange: Simulator, listener: Listener, run_feed: RunFeed
) -> None:
    exchange.faults.stall = True
    async with run_feed(exchange) as feed:
        await listener.until(lambda heard: {"BTCUSDT", "ETHUSDT"} <= heard.quotes.keys())

        assert feed.counters["received"] == 0


async def test_halted_and_silent_symbols_are_named(exchange: Simulator, listener: Listener, run_feed: RunFeed) -> None:
    exchange.faults.halted = {"ETHUSDT"}
    await in_database(lambda: WatchedSymbol.objects.create(symbol="MATICUSDT", position=9))
    async with run_feed(exchange):
        await listener.until(lambda heard: heard.statuses and heard.statuses[-1].halted == ("ETHUSDT",))
        await listener.until(lambda heard: heard.statuses[-1].silent == ("MATICUSDT",))
        assert await in_database(lambda: WatchedSymbol.objects.get(symbol="ETHUSDT").status) == "BREAK"

        exchange.faults.halted = set()
        await listener.until(lambda heard: heard.statuses[-1].halted == ())


async def test_a_refusal_is_down_with_the_exchanges_word_and_recovery_is_live(
    exchange: Simulator, listener: Listener, run_feed: RunFeed
) -> None:
    async with run_feed(exchange):
        await listener.until(lambda heard: heard.feed == LIVE)
        exchange.faults.http_status = 503
        exchange.close_all()
        await listener.until(lambda heard: heard.feed == STALE and "503" in heard.statuses[-1].reason)
        exchange.faults.http_status = None
        await listener.until(lambda heard: heard.feed == LIVE)

    assert listener.statuses[-1].counters["reconnects"] >= 1


async def test_an_exchange_that_falls_silent_is_stale(
    exchange: Simulator, listener: Listener, run_feed: RunFeed
) -> None:
    async with run_feed(exchange, pace=replace(QUICK, limits=Limits(silent=0.6))):
        await listener.until(lambda heard: heard.feed == LIVE)
        exchange.faults.stall = True
        await listener.until(lambda heard: heard.feed == STALE)
        assert "silent" in listener.statuses[-1].reason
        exchange.faults.stall = False
        await listener.until(lambda heard: heard.feed == LIVE)


def knows_the_clock(feed: Feed) -> bool:
    """Else times that are wrong from now on would be a clock that was set."""
    return feed.hops.watch is not None and feed.hops.watch.looked


async def test_prices_that_come_late_are_delayed(exchange: Simulator, listener: Listener, run_feed: RunFeed) -> None:
    async with run_feed(exchange) as feed:
        await listener.until(lambda heard: heard.feed == LIVE)
        await until(lambda: knows_the_clock(feed))
        exchange.faults.clock_skew = -10_000
        await listener.until(lambda heard: heard.feed == DELAYED)
        exchange.faults.clock_skew = 0
        await listener.until(lambda heard: heard.feed == LIVE)


async def test_a_country_that_is_barred_is_down(exchange: Simulator, listener: Listener, run_feed: RunFeed) -> None:
    exchange.faults.http_status = 451
    async with run_feed(exchange):
        await listener.until(lambda heard: heard.feed == DOWN and "451" in heard.statuses[-1].reason)


async def test_an_empty_list_is_no_outage(exchange: Simulator, listener: Listener, run_feed: RunFeed) -> None:
    await in_database(lambda: WatchedSymbol.objects.all().delete())
    async with run_feed(exchange):
        await listener.until(lambda heard: heard.feed == LIVE)
        assert listener.statuses[-1].reason == "no symbol is watched"

        await in_database(lambda: WatchedSymbol.objects.create(symbol="BTCUSDT"))
        await listener.until(lambda heard: "BTCUSDT" in heard.quotes and heard.statuses[-1].reason == "")


async def test_a_test_quote_passes_and_is_no_price(exchange: Simulator, listener: Listener, run_feed: RunFeed) -> None:
    async with run_feed(exchange):
        await listener.until(lambda heard: "BTCUSDT" in heard.quotes)
        assert await tell_feed(TestQuote("", "BTCUSDT", "95000", "2.5"))
        await listener.until(lambda heard: heard.tests)
        before = len(listener.batches)
        await tell_feed(Resync())
        await listener.until(lambda heard: any(batch.full for batch in heard.batches[before:]))

    quote = listener.tests[0]
    assert (quote.source, quote.numbers) == ("test", {"price": "95000", "change_24h": "2.5"})
    full = next(batch for batch in listener.batches[before:] if batch.full)
    assert {each.source for each in full.quotes} == {"simulator"}


async def test_prices_from_the_future_do_not_block_those_of_now(
    exchange: Simulator, listener: Listener, run_feed: RunFeed
) -> None:
    async with run_feed(exchange) as feed:
        await listener.until(lambda heard: "BTCUSDT" in heard.quotes)
        await until(lambda: knows_the_clock(feed))
        exchange.trading.rate = 0
        exchange.faults.clock_skew = 3_600_000
        exchange.set_price("BTCUSDT", Decimal("99999"))
        await until(lambda: feed.counters["bad"] > 0)

        exchange.faults.clock_skew = 0
        exchange.set_price("BTCUSDT", Decimal("61828.02"))
        await listener.until(lambda heard: price_of(heard, "BTCUSDT") == "61828.02")

    assert all(quote.numbers["price"] != "99999" for batch in listener.batches for quote in batch.quotes)


async def test_bad_frames_and_repeated_ones_are_counted_and_cost_nothing(
    exchange: Simulator, listener: Listener, run_feed: RunFeed
) -> None:
    exchange.faults.malformed = "all"
    exchange.faults.duplicate = exchange.faults.out_of_order = True
    async with run_feed(exchange) as feed:
        await listener.until(lambda heard: heard.statuses and heard.statuses[-1].counters["bad"] > 30)
        exchange.faults.clear()
        exchange.trading.rate = 0
        exchange.set_price("BTCUSDT", Decimal("61828.02"))
        await listener.until(lambda heard: price_of(heard, "BTCUSDT") == "61828.02")

    assert feed.counters["older"] > 0
    assert feed.counters["received"] > feed.counters["bad"]
    assert len(exchange.connects) == 1


async def test_states_and_prices_become_rows_that_listeners_are_told_of(
    exchange: Simulator, listener: Listener, run_feed: RunFeed
) -> None:
    words = '"symbol":"BTCUSDT","exchange":"binance","price":'
    async with run_feed(exchange):
        await listener.until(lambda heard: "status" in {event.channel for event in heard.events})
        await listener.until(lambda heard: any(words in event.data for event in heard.events))
        await until_seen("BTCUSDT")

    status = next(event for event in listener.events if event.channel == "status")
    assert '"feed": "live"' in status.data
    assert '"source": "simulator"' in status.data
    prices = next(event for event in listener.events if words in event.data)
    assert (prices.channel, prices.id >= 1) == ("prices", True)


async def until_seen(symbol: str) -> None:
    async with asyncio.timeout(20):
        while not await in_database(lambda: SymbolState.objects.filter(watched__symbol=symbol).exists()):
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("url", "asked", "source"),
    [
        ("wss://stream.binance.com:9443", "", "binance"),
        ("wss://data-stream.binance.vision", "", "binance"),
        ("wss://stream.binance.com.evil.example", "", "simulator"),
        ("wss://notbinance.com", "", "simulator"),
        ("ws://127.0.0.1:9000", "", "simulator"),
        ("ws://127.0.0.1:9000", "replay", "replay"),
        ("wss://stream.binance.com:9443", "binance", "binance"),
    ],
)
def test_only_the_exchanges_own_host_is_shown_as_it(url: str, asked: str, source: str) -> None:
    assert source_of(url, asked) == source


@pytest.mark.parametrize("asked", ["binance", "test"])
def test_a_source_that_is_not_so_is_refused(asked: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"127.0.0.1 cannot be shown as {asked}"):
        feed_from_settings(stream_url="ws://127.0.0.1:9000", source=asked)
