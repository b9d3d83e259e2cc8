"""The spelling of symbols."""

import pytest

from market.core.symbol import LONGEST, BadSymbol, read_symbol, renamed_note


@pytest.mark.parametrize(
    ("typed", "symbol"),
    [
        ("btcusdt ", "BTCUSDT"),
        ("\tEthUsdt\n", "ETHUSDT"),
        ("1inchusdt", "1INCHUSDT"),
        ("币安人生usdt", "币安人生USDT"),
        ("btc-usdt", "BTC-USDT"),
        ("btcusdt_260327", "BTCUSDT_260327"),
    ],
)
def test_is_normalised(typed: str, symbol: str) -> None:
    assert read_symbol(typed) == symbol


@pytest.mark.parametrize(
    "typed",
    ["", "  ", "BTC USDT", "BTC/USDT", "btcusdt@ticker", "BTC,ETH", "binance:BTC", "BTC\x00", "BTC\u200bUSDT"]
    + ["BTC\u3000USDT", "*", "!miniTicker", '"BTC"', "<b>", "A" * (LONGEST + 1)],
)
def test_is_refused_with_what_no_symbol_holds(typed: str) -> None:
    with pytest.raises(BadSymbol, match="symbol"):
        read_symbol(typed)


@pytest.mark.parametrize("typed", ["matic", "MATICUSDT", " maticusdt "])
def test_of_a_renamed_coin_says_what_to_watch_instead(typed: str) -> None:
    assert renamed_note(typed) == "MATIC became POL in 2024: watch POLUSDT"


def test_of_other_coins_says_nothing() -> None:
    assert renamed_note("POLUSDT") is None
