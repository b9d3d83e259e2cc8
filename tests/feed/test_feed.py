"""From a real socket of the simulated exchange to a channel of the layer."""

from decimal import Decimal

from market.simulator import Simulator
from tests.feed.conftest import RunFeed
from tests.support.listener import Listener


async def test_a_price_reaches_the_layer(exchange: Simulator, run_feed: RunFeed) -> None:
    async with Listener() as listener, run_feed(exchange):
        await listener.until(lambda heard: {"BTCUSDT", "ETHUSDT"} <= heard.quotes.keys())
        exchange.trading.rate = 0
        exchange.set_price("BTCUSDT", Decimal("61828.02"))
        await listener.until(lambda heard: heard.quotes["BTCUSDT"].numbers["price"] == "61828.02")

    quote = listener.quotes["BTCUSDT"]
    assert (quote.exchange, quote.source) == ("binance", "simulator")
    assert listener.batches[0].full
    assert listener.gaps == 0
