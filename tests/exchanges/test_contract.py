"""What every adapter in EXCHANGES promises, tried on that venue's payloads."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.core.quote import NUMBERS
from market.core.tick import Tick
from market.exchanges import EXCHANGES
from market.exchanges.base import MODES, Control, Exchange, NotAQuote, Subscription

PAYLOADS = Path(__file__).parent / "payloads"

everywhere = pytest.mark.parametrize("exchange", EXCHANGES.values(), ids=EXCHANGES)


def payloads(exchange: Exchange, kind: str) -> list[bytes]:
    """All payloads of a kind; there must be some."""
    found = sorted((PAYLOADS / exchange.name).glob(f"{kind}_*.json"))
    assert found, f"no {kind} payloads of {exchange.name}"
    return [path.read_bytes() for path in found]


@everywhere
def test_prices_are_ticks_with_exact_numbers_and_a_plain_symbol(exchange: Exchange) -> None:
    for frame in payloads(exchange, "ws_price"):
        ticks = exchange.read(frame)

        assert isinstance(ticks, list) and ticks
        for tick in ticks:
            check(tick)


def check(tick: Tick) -> None:
    assert tick.symbol == tick.symbol.upper()
    assert tick.order > 0
    assert tick.numbers.keys() <= set(NUMBERS)
    assert all(type(number) is Decimal and number.is_finite() for number in tick.numbers.values())
    assert tick.numbers.get("price", 1) > 0
    assert tick.time_ms is None or 1_262_304_000_000 < tick.time_ms < 4_102_444_800_000


@everywhere
def test_text_and_bytes_read_alike(exchange: Exchange) -> None:
    for frame in payloads(exchange, "ws_price"):
        assert exchange.read(frame) == exchange.read(frame.decode())


@everywhere
def test_words_about_the_connection_are_controls(exchange: Exchange) -> None:
    for frame in payloads(exchange, "ws_control"):
        assert isinstance(exchange.read(frame), Control)


@everywhere
def test_everything_else_is_refused_with_a_reason(exchange: Exchange) -> None:
    for frame in payloads(exchange, "ws_strange"):
        with pytest.raises(NotAQuote, match=r"\w"):
            exchange.read(frame)


@everywhere
@given(junk=st.one_of(st.binary(), st.text()))
def test_noise_is_refused_and_nothing_else_is_raised(exchange: Exchange, junk: str | bytes) -> None:
    try:
        exchange.read(junk)
    except NotAQuote as exc:
        assert str(exc)


@everywhere
@pytest.mark.parametrize("mode", MODES)
def test_each_stream_belongs_to_its_symbol(exchange: Exchange, mode: str) -> None:
    for symbol in ("BTCUSDT", "币安人生USDT"):
        for every_trade in (False, True):
            for stream in exchange.streams(Subscription(symbol, every_trade), mode):
                assert exchange.symbol_of(stream) == symbol


@everywhere
@pytest.mark.parametrize("mode", MODES)
def test_every_mode_has_a_stream_with_the_price(exchange: Exchange, mode: str) -> None:
    assert exchange.shared_streams(mode) or exchange.streams(Subscription("BTCUSDT"), mode)


@everywhere
def test_addresses_are_ascii(exchange: Exchange) -> None:
    url = exchange.url(exchange.stream_url, exchange.streams(Subscription("币安人生USDT", True), "tickers"))

    assert re.fullmatch(r"wss://[!-~]+", url)
