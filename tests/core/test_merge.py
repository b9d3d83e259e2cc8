"""Ticks of several streams and connections become one quote that never goes back."""

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.core.merge import Merger
from market.core.quote import Quote
from market.core.tick import Kind, Tick

NOON_MS = 1_768_046_400_000


def ticker(price: str, *, at: int = 0, trade: int | None = None, opening: str = "100", change: str = "0") -> Tick:
    """A day ticker `at` ms after noon."""
    numbers = {"price": Decimal(price), "open_24h": Decimal(opening), "change_24h": Decimal(change)}
    return Tick("BTCUSDT", Kind.TICKER, NOON_MS + at, numbers, NOON_MS + at, trade)


def trade(price: str, number: int, *, at: int = 0) -> Tick:
    return Tick("BTCUSDT", Kind.TRADE, number, {"price": Decimal(price)}, NOON_MS + at, number)


def book(bid: str, ask: str, update: int) -> Tick:
    return Tick("BTCUSDT", Kind.BOOK, update, {"bid": Decimal(bid), "ask": Decimal(ask)})


def mini(price: str, *, at: int) -> Tick:
    return Tick("BTCUSDT", Kind.MINI, NOON_MS + at, {"price": Decimal(price)}, NOON_MS + at)


def merger() -> Merger:
    return Merger("binance", "simulator")


def applied(*ticks: Tick) -> Quote:
    """The quote after all of them."""
    merged = merger()
    for tick in ticks:
        merged.apply(tick)
    quote = merged.quote("BTCUSDT")
    assert quote is not None
    return quote


def test_a_ticker_becomes_a_quote() -> None:
    quote = merger().apply(ticker("101.5", at=7, trade=3, change="1.5"))

    assert quote is not None
    assert (quote.exchange, quote.symbol, quote.source, quote.time_ms) == (
        "binance",
        "BTCUSDT",
        "simulator",
        NOON_MS + 7,
    )
    assert (quote.price, quote.change_24h) == (Decimal("101.5"), Decimal("1.5"))


def test_a_repeated_tick_changes_nothing() -> None:
    merged = merger()
    tick = ticker("101.5", trade=3)

    assert merged.apply(tick) is not None
    assert merged.apply(tick) is None
    assert merged.older == 1


def test_a_trade_moves_the_change_with_the_price() -> None:
    quote = applied(ticker("100", trade=1, opening="100"), trade("150", 2, at=1))

    assert (quote.price, quote.change_24h) == (Decimal("150"), Decimal("50.000"))


def test_a_ticker_does_not_undo_a_later_trade() -> None:
    quote = applied(trade("150", 9, at=1), ticker("100", at=5, trade=8, opening="100", change="0"))

    assert quote.price == Decimal("150")
    assert quote.change_24h == Decimal("50.000")


def test_of_two_tickers_of_one_millisecond_the_later_trade_counts() -> None:
    quote = applied(ticker("102", trade=9), ticker("101", trade=8))

    assert quote.price == Decimal("102")


@pytest.mark.parametrize(("set_back", "price"), [(2_000, "101"), (5_000, "101"), (5_001, "100"), (3_600_000, "100")])
def test_an_exchange_that_sets_its_clock_back_a_little_goes_on(set_back: int, price: str) -> None:
    """Its next ticker has a later trade and an earlier time: the price does not wait for the clock."""
    merged = merger()
    merged.apply(ticker("100", at=10_000, trade=10))

    merged.apply(ticker("101", at=10_000 - set_back, trade=11))
    merged.apply(ticker("99", at=9_999, trade=9))  # of before

    quote = merged.quote("BTCUSDT")
    assert quote is not None
    assert quote.price == Decimal(price)
    assert quote.time_ms == NOON_MS + 10_000  # times do not go back on the screen


def test_bid_and_ask_are_the_books_while_there_is_one() -> None:
    merged = merger()
    merged.apply(ticker("100", trade=1))
    merged.apply(book("99", "101", 5))
    day = Tick("BTCUSDT", Kind.TICKER, NOON_MS + 9, {"price": Decimal(100), "bid": Decimal(90)}, NOON_MS + 9, 1)
    merged.apply(day)

    quote = merged.quote("BTCUSDT")
    assert quote is not None
    assert quote.numbers["bid"] == Decimal(99)

    merged.release_book("BTCUSDT")
    later = Tick("BTCUSDT", Kind.TICKER, NOON_MS + 10, day.numbers, NOON_MS + 10, 1)
    assert merged.apply(later) is not None
    quote = merged.quote("BTCUSDT")
    assert quote is not None
    assert quote.numbers["bid"] == Decimal(90)


def test_a_dropped_symbol_is_forgotten() -> None:
    merged = merger()
    merged.apply(ticker("100", at=60_000, trade=9))
    merged.drop("BTCUSDT")

    assert merged.quotes() == []
    assert merged.apply(ticker("99", trade=1)) is not None


def test_a_book_alone_is_no_quote() -> None:
    assert merger().apply(book("99", "101", 5)) is None


def test_trades_that_are_numbered_anew_are_taken() -> None:
    quote = applied(trade("150", 9_000), trade("151", 3, at=60_000))

    assert quote.price == Decimal("151")


@dataclass(frozen=True)
class Moment:
    """One trade of the exchange, and what each stream says of it."""

    number: int
    at: int

    @property
    def price(self) -> str:
        return f"{100 + self.number}.5"

    def ticks(self) -> list[Tick]:
        numbered = ticker(self.price, at=self.at, trade=self.number)
        return [numbered, trade(self.price, self.number, at=self.at), book("1", "2", self.number)]


MOMENTS = [Moment(number, at=number * 400) for number in range(1, 13)]
TICKS = [tick for moment in MOMENTS for tick in moment.ticks()]


@given(st.permutations(TICKS), st.lists(st.sampled_from(TICKS)))
def test_whatever_the_order_the_end_is_the_newest_and_no_price_goes_back(
    ticks: list[Tick], repeated: list[Tick]
) -> None:
    merged = merger()
    prices = []
    for tick in [*ticks, *repeated]:
        if (quote := merged.apply(tick)) is not None:
            prices.append(quote.price)

    assert prices == sorted(prices)
    quote = merged.quote("BTCUSDT")
    assert quote is not None
    assert (quote.price, quote.time_ms) == (Decimal(MOMENTS[-1].price), NOON_MS + MOMENTS[-1].at)


MINIS = [mini(str(100 + number), at=number * 400) for number in range(1, 13)]


@given(st.permutations(MINIS), st.lists(st.sampled_from(MINIS)))
def test_without_trade_ids_time_decides(ticks: list[Tick], repeated: list[Tick]) -> None:
    merged = merger()
    prices = [quote.price for tick in [*ticks, *repeated] if (quote := merged.apply(tick)) is not None]

    assert prices == sorted(prices)
    assert prices[-1] == Decimal("112")
