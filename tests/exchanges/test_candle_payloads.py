"""Candles as Binance words them: by stream and over HTTP."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.core.candle import Candle, VenueCandle
from market.core.interval import Interval
from market.exchanges.base import NotAQuote, Subscription
from market.exchanges.binance import Binance

PAYLOADS = Path(__file__).parent / "payloads" / "binance"
BINANCE = Binance()
NOON = 1_795_176_000_000


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def changed(**fields: Any) -> str:
    """The open candle with other fields; None: without."""
    message = json.loads(payload("ws_candle_open"))
    kline = message["data"]["k"] | fields
    message["data"]["k"] = {name: value for name, value in kline.items() if value is not None}
    return json.dumps(message)


def test_a_minute_of_the_stream() -> None:
    """`{"e":"kline","E":1795176017250,"s":"BTCUSDT","k":{"t":1795176000000,"T":1795176059999,"s":"BTCUSDT","i":"1m",
    "f":5802438200,"L":5802438311,"o":"91230.10000000","c":"91234.56000000","h":"91240.00000000","l":"91228.01000000",
    "v":"12.34567000","n":112,"x":false,"q":"1126349.87654321","V":"7.00000000","Q":"638641.00000000","B":"0"}}`
    """
    candle = Candle(
        NOON,
        Decimal("91230.10000000"),
        Decimal("91240.00000000"),
        Decimal("91228.01000000"),
        Decimal("91234.56000000"),
        Decimal("12.34567000"),
        Decimal("1126349.87654321"),
        112,
        closed=False,
    )

    assert BINANCE.read(payload("ws_candle_open")) == VenueCandle("BTCUSDT", candle, NOON + 17_250)


def test_a_minute_without_a_trade_is_closed_and_flat() -> None:
    news = BINANCE.read(payload("ws_candle_closed"))

    assert isinstance(news, VenueCandle)
    assert (news.symbol, news.candle.closed, news.candle.trades) == ("币安人生USDT", True, 0)
    assert news.candle.open == news.candle.close == Decimal("0.1573")


@pytest.mark.parametrize(
    "fields",
    [
        {"i": "5m"},
        {"t": NOON + 1},
        {"h": "91230.00000000"},
        {"l": "91235.00000000"},
        {"o": "0.00000000", "l": "0.00000000"},
        {"c": "NaN"},
        {"c": 91234.56},
        {"x": "false"},
        {"x": True},  # 17 s after it began
        {"v": "-1"},
        {"n": "112"},
        {"q": None},
    ],
    ids=str,
)
def test_what_cannot_be_a_minute_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(NotAQuote, match=r"\w"):
        BINANCE.read(changed(**fields))


@given(kline=st.recursive(st.none() | st.text() | st.integers() | st.booleans(), lambda inner: st.lists(inner)))
def test_any_candle_of_nonsense_is_refused(kline: Any) -> None:
    with pytest.raises(NotAQuote):
        BINANCE.read(json.dumps({"e": "kline", "E": NOON, "s": "BTCUSDT", "k": kline}))


def test_candles_over_http_without_the_one_that_is_not_over() -> None:
    """`[[1795175880000,"91200.00000000","91231.50000000","91199.99000000","91230.10000000","20.00010000",1795175939999,
    "1824311.12345678",201,"10.00000000","912155.00000000","0"],...]`
    """
    candles = BINANCE.candles(json.loads(payload("http_get_klines")), Interval.M1, now_ms=NOON + 59_999)

    assert [each.open_ms for each in candles] == [NOON - 120_000, NOON - 60_000]
    assert candles[0].quote_volume == Decimal("1824311.12345678")
    assert (candles[0].trades, candles[0].closed) == (201, True)
    assert len(BINANCE.candles(json.loads(payload("http_get_klines")), Interval.M1, now_ms=NOON + 60_000)) == 3


@pytest.mark.parametrize("answer", [{}, None, [[]], [[NOON, "1"]], [[NOON + 1, *"111111", 0, *"1111"]]], ids=str)
def test_an_answer_that_holds_no_candles_is_refused(answer: Any) -> None:
    with pytest.raises(NotAQuote):
        BINANCE.candles(answer, Interval.M1, now_ms=NOON)


@pytest.mark.parametrize("mode", ["tickers", "market", "recorded"])
def test_minutes_are_a_stream_of_each_symbol_in_every_mode(mode: str) -> None:
    assert "btcusdt@kline_1m" in BINANCE.streams(Subscription("BTCUSDT", candles=True), mode)
    assert not any("kline" in stream for stream in BINANCE.streams(Subscription("BTCUSDT"), mode))
