"""Real recorded traffic, played through a real socket into the feed."""

from decimal import Decimal

import orjson

from market.core.wire import number_text
from market.simulator import Simulator
from market.simulator.recording import Recording
from tests.feed.conftest import RunFeed
from tests.support.exchange import until
from tests.support.listener import Listener
from tests.support.services import recording

BURST = "binance_spot_20240808_btc_eth_burst_10s.jsonl"


def last_numbers(played: Recording) -> dict[str, dict[str, str]]:
    """The last price, bid and ask of each symbol, straight from the file."""
    numbers: dict[str, dict[str, str]] = {}
    for record in played.records():
        data = orjson.loads(record.raw)
        keys = {"bid": "b", "ask": "a"} if record.stream.endswith("@bookTicker") else {"price": "p"}
        told = {name: number_text(Decimal(data[key])) for name, key in keys.items()}
        numbers.setdefault(data["s"], {}).update(told)
    return numbers


def trades(played: Recording, symbol: str) -> list[str]:
    """Each trade's price in the order of the exchange."""
    stream = f"{symbol.lower()}@trade"
    return [
        number_text(Decimal(orjson.loads(record.raw)["p"])) for record in played.records() if record.stream == stream
    ]


def is_in_order(seen: list[str], told: list[str]) -> bool:
    """Whether `seen` can be had from `told` by leaving some out."""
    rest = iter(told)
    return all(any(price == other for other in rest) for price in seen)


async def test_the_last_word_of_a_recording_is_what_is_shown(run_feed: RunFeed) -> None:
    played = Recording(recording(BURST))
    async with (
        Listener() as listener,
        Simulator(replay=played, speed=20) as exchange,
        run_feed(exchange, source="replay", mode="recorded") as feed,
    ):
        assert exchange.replay is not None
        await until(exchange.replay.finished.is_set, deadline=60)
        expected = last_numbers(played)
        await listener.until(
            lambda heard: {symbol: dict(quote.numbers) for symbol, quote in heard.quotes.items()} == expected
        )

    assert {quote.source for quote in listener.quotes.values()} == {"replay"}
    assert (feed.counters["bad"], feed.counters["older"], listener.gaps) == (0, 0, 0)
    for symbol in expected:
        prices = [
            quote.numbers["price"] for batch in listener.batches for quote in batch.quotes if quote.symbol == symbol
        ]
        assert is_in_order(
            [price for price, before in zip(prices, ["", *prices], strict=False) if price != before],
            trades(played, symbol),
        )
