"""Fault 15: well-formed data that cannot be, or that is older than what is known. Never shown as the newest."""

import json

import pytest

from tests.support.exchange import Listener, ScriptedExchange, Send, until
from tests.support.frames import book, combined, ticker, ticker_fields, trade

HOUR_MS = 3_600_000
GOOD = [Send(ticker(at=0, price="100", trade=1_000)), Send(trade(at=1, price="101", number=1_001))]


def priced(text: object) -> str:
    return combined("btcusdt@ticker", ticker_fields(at=5_000, trade=5_000) | {"c": text})


REFUSED = {
    "price 0": priced("0.00000000"),
    "price below 0": priced("-5.00000000"),
    "price as a number": priced(99.5),
    "no time": combined("btcusdt@ticker", ticker_fields(at=5_000) | {"E": 0}),
    "a time in seconds": combined("btcusdt@ticker", ticker_fields(at=5_000) | {"E": 1_768_046_405}),
    "a trade id below 0": trade(at=5_000, price="99", number=-3),
}
OLDER = {
    "a ticker of an hour ago": ticker(at=-HOUR_MS, price="99", trade=900),
    "a ticker of an hour ago with a later trade": ticker(at=-HOUR_MS, price="99", trade=9_000),
    "a trade of an hour ago": trade(at=-HOUR_MS, price="99", number=900),
    "the trade before": trade(at=1, price="99", number=1_000),
    "the same trade again": trade(at=1, price="99", number=1_001),
    "a later ticker with an earlier trade": ticker(at=900, price="99", trade=1_000),
}


@pytest.mark.parametrize("frame", REFUSED.values(), ids=REFUSED)
async def test_what_cannot_be_is_refused_and_counted(frame: str) -> None:
    assert await shown_after(frame, refused=1) == "102"


@pytest.mark.parametrize("frame", OLDER.values(), ids=OLDER)
async def test_what_is_older_is_never_shown_as_the_newest(frame: str) -> None:
    assert await shown_after(frame, refused=0) == "102"


async def shown_after(frame: str, *, refused: int) -> str | None:
    """The last price shown; 99 must not have been among them."""
    async with (
        ScriptedExchange(GOOD) as exchange,
        Listener(exchange.url, mode="recorded") as listener,
    ):
        listener.want("BTCUSDT")
        await until(lambda: listener.price("BTCUSDT") == "101")
        await exchange.send(frame, trade(at=1_000, price="102", number=1_002))
        await until(lambda: listener.price("BTCUSDT") == "102")

        assert listener.stream.bad == refused
        assert {f"{quote.price.normalize():f}" for _, quote in listener.quotes} == {"100", "101", "102"}
        return listener.price("BTCUSDT")


async def test_an_older_book_is_never_shown_as_the_newest() -> None:
    async with ScriptedExchange(GOOD) as exchange, Listener(exchange.url, mode="recorded") as listener:
        listener.want("BTCUSDT")
        await until(lambda: listener.price("BTCUSDT") == "101")
        await exchange.send(book(update=10, bid="100", ask="102"), book(update=9, bid="90", ask="92"))
        await exchange.send(book(update=10, bid="91", ask="93"), trade(at=1_000, price="103", number=1_002))
        await until(lambda: listener.price("BTCUSDT") == "103")

        bids = [quote.numbers["bid"] for _, quote in listener.quotes if "bid" in quote.numbers]
        # Before the book there was the ticker's own, which was 100 as well.
        assert set(bids) == {100}


async def test_a_halted_symbol_does_not_offer_zero() -> None:
    halted = ticker_fields(at=2_000, price="100", trade=1_000) | {"b": "0.00000000", "a": "0.00000000"}
    async with ScriptedExchange([Send(json.dumps(halted))]) as exchange, Listener(exchange.url) as listener:
        listener.want("BTCUSDT")
        await until(lambda: listener.quotes)

        assert not {"bid", "ask"} & listener.quotes[-1][1].numbers.keys()


async def test_a_venue_that_counts_its_trades_anew_is_followed() -> None:
    """A restarted test exchange: lower ids, on every stream, but the time goes on."""
    anew = [
        ticker(at=60_000, price="50", trade=7),
        trade(at=60_500, price="51", number=8),
        book(update=3, bid="49", ask="52"),
    ]
    async with (
        ScriptedExchange([*GOOD, Send(book(update=9_000))]) as exchange,
        Listener(exchange.url, mode="recorded") as listener,
    ):
        listener.want("BTCUSDT")
        await until(lambda: len(listener.ticks) == 3)
        await exchange.send(*anew)
        await until(lambda: len(listener.ticks) == 6)

        numbers = listener.quotes[-1][1].numbers
        assert [str(numbers[name].normalize()) for name in ("price", "bid", "ask")] == ["51", "49", "52"]
