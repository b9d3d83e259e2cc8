"""The whole market over one stream, and symbols that are not written in ASCII."""

import asyncio
from decimal import Decimal

from market.core.messages import LIVE
from market.models import WatchedSymbol
from market.simulator import Simulator
from tests.feed.conftest import RunFeed
from tests.support.listener import Listener

CHINESE = "币安人生USDT"


async def test_the_whole_market_gives_the_watched_symbols_with_their_change(
    exchange: Simulator, run_feed: RunFeed
) -> None:
    async with Listener() as listener, run_feed(exchange, mode="market"):
        await listener.until(lambda heard: heard.feed == LIVE and {"BTCUSDT", "ETHUSDT"} <= heard.quotes.keys())
        exchange.trading.rate = 0
        exchange.set_price("BTCUSDT", Decimal("61828.02"))
        await listener.until(lambda heard: heard.quotes["BTCUSDT"].numbers["price"] == "61828.02")

        assert exchange.subscriptions() == {"!miniTicker@arr", "btcusdt@kline_1m", "ethusdt@kline_1m"}

    numbers = listener.quotes["BTCUSDT"].numbers
    opening = Decimal(numbers["open_24h"])
    change = (Decimal("61828.02") - opening) / opening * 100
    assert abs(Decimal(numbers["change_24h"]) - change) <= Decimal("0.0005")
    assert "SOLUSDT" not in listener.quotes


async def test_a_symbol_that_is_not_ascii_goes_the_whole_way(run_feed: RunFeed) -> None:
    await asyncio.to_thread(WatchedSymbol.objects.create, symbol=CHINESE, position=9, every_trade=True)
    async with (
        Listener() as listener,
        Simulator(symbols=["BTCUSDT", CHINESE], rate=0) as exchange,
        run_feed(exchange),
    ):
        await listener.until(lambda heard: CHINESE in heard.quotes)
        exchange.set_price(CHINESE, Decimal("0.0312"))
        await listener.until(lambda heard: heard.quotes[CHINESE].numbers["price"] == "0.0312")
        await listener.until(
            lambda heard: any(event.channel == "prices" and CHINESE in event.data for event in heard.events)
        )
