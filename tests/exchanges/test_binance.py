"""Binance's frames, field by field, and what is refused."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.core.tick import Kind, Tick
from market.exchanges.base import Control, NotAQuote, Subscription, Word
from market.exchanges.binance import Binance
from tests.support.frames import NOON_MS, combined, ticker_fields

PAYLOADS = Path(__file__).parent / "payloads" / "binance"
BINANCE = Binance()


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def only(frame: str | bytes) -> Tick:
    ticks = BINANCE.read(frame)
    assert isinstance(ticks, list)
    (tick,) = ticks
    return tick


def test_a_ticker_holds_price_change_day_and_book() -> None:
    tick = only(payload("ws_price_ticker"))

    assert (tick.symbol, tick.kind) == ("BTCUSDT", Kind.TICKER)
    assert tick.order == tick.time_ms == NOON_MS + 17
    assert tick.trade_id == 5802438311
    assert tick.numbers == {
        "price": Decimal("91234.56"),
        "change_24h": Decimal("1.236"),
        "open_24h": Decimal("90120.40"),
        "high_24h": Decimal("91800"),
        "low_24h": Decimal("89650.10"),
        "volume_24h": Decimal("18230.4125"),
        "quote_volume_24h": Decimal("1653703141.282375"),
        "bid": Decimal("91234.55"),
        "ask": Decimal("91234.57"),
    }


def test_a_price_keeps_the_digits_of_its_text() -> None:
    assert str(only(payload("ws_price_ticker")).numbers["price"]) == "91234.56000000"


def test_a_halted_symbol_has_no_bid_and_no_ask() -> None:
    numbers = only(payload("ws_price_ticker_halted")).numbers

    assert numbers["price"] == Decimal("0.3772")
    assert not {"bid", "ask"} & numbers.keys()


def test_a_symbol_without_trades_in_a_day_has_no_trade_id() -> None:
    fields = ticker_fields() | {"F": -1, "L": -1, "n": 0, "o": "0.00000000", "h": "0.00000000", "l": "0.00000000"}
    tick = only(json.dumps(fields))

    assert tick.trade_id is None
    assert not {"open_24h", "high_24h", "low_24h"} & tick.numbers.keys()


def test_a_mini_ticker_gets_its_change_computed() -> None:
    tick = only(payload("ws_price_mini_ticker"))

    assert (tick.kind, tick.order, tick.trade_id) == (Kind.MINI, NOON_MS + 17, None)
    assert tick.numbers["change_24h"] == Decimal("1.236")


def test_a_mini_ticker_without_opening_price_has_no_change() -> None:
    fields = ticker_fields() | {"e": "24hrMiniTicker", "o": "0.00000000"}

    assert "change_24h" not in only(json.dumps(fields)).numbers


def test_an_array_is_a_tick_for_each_symbol_in_it() -> None:
    ticks = BINANCE.read(payload("ws_price_mini_ticker_array"))

    assert isinstance(ticks, list)
    assert [tick.symbol for tick in ticks] == ["BTCUSDT", "ETHUSDT", "LTCBTC"]


def test_one_bad_entry_of_an_array_does_not_cost_the_others() -> None:
    entries = json.loads(payload("ws_price_mini_ticker_array"))["data"]
    entries[1]["c"] = "NaN"

    with pytest.raises(NotAQuote, match="1 of 3 entries: not a price: 'NaN'") as refused:
        BINANCE.read(json.dumps(entries))

    assert [tick.symbol for tick in refused.value.ticks] == ["BTCUSDT", "LTCBTC"]


def test_a_trade_is_ordered_by_its_id() -> None:
    tick = only(payload("ws_price_trade"))

    assert (tick.kind, tick.order, tick.trade_id) == (Kind.TRADE, 1601200344, 1601200344)
    assert (tick.numbers, tick.time_ms) == ({"price": Decimal("881.23")}, NOON_MS + 88)


def test_an_aggregated_trade_is_ordered_by_the_last_trade_in_it() -> None:
    tick = only(payload("ws_price_agg_trade"))

    assert (tick.kind, tick.order, tick.trade_id) == (Kind.TRADE, 1601200349, 1601200349)


@pytest.mark.parametrize("name", ["ws_price_book_ticker", "ws_price_book_ticker_raw"])
def test_a_book_ticker_is_ordered_by_its_update_id(name: str) -> None:
    tick = only(payload(name))

    assert (tick.kind, tick.order, tick.time_ms) == (Kind.BOOK, 78120033104, None)
    assert tick.numbers == {"bid": Decimal("91234.55"), "ask": Decimal("91234.57")}


def test_a_symbol_need_not_be_ascii() -> None:
    assert only(payload("ws_price_ticker_not_ascii")).symbol == "币安人生USDT"
    assert BINANCE.streams(Subscription("币安人生USDT"), "tickers") == ("币安人生usdt@ticker",)
    assert "%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9Fusdt@ticker" in BINANCE.url("wss://x", ["币安人生usdt@ticker"])


@pytest.mark.parametrize(
    ("name", "control"),
    [
        ("ws_control_ack", Control(Word.ACK, 1)),
        ("ws_control_list", Control(Word.ACK, 3)),
        ("ws_control_error_nested", Control(Word.REFUSED, 2, "Invalid request: invalid stream (code 2)")),
        (
            "ws_control_error_flat",
            Control(Word.REFUSED, None, "Invalid JSON: expected value at line 1 column 1 (code 3)"),
        ),
    ],
)
def test_answers_are_told_apart(name: str, control: Control) -> None:
    assert BINANCE.read(payload(name)) == control


@pytest.mark.parametrize("name", ["ws_control_shutdown", "ws_control_shutdown_raw"])
def test_a_shutdown_is_noticed_in_both_shapes(name: str) -> None:
    control = BINANCE.read(payload(name))

    assert isinstance(control, Control)
    assert control.word is Word.SHUTDOWN


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "-Infinity", "1e5", " 1", "1 ", "1_0", "+1", "-1", "", ".5", "5.", "0x1", "١", "1" * 13]
)
def test_what_decimal_takes_but_no_price_is_refused(text: str) -> None:
    with pytest.raises(NotAQuote, match="not a price"):
        BINANCE.read(combined("btcusdt@ticker", ticker_fields() | {"c": text}))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"c": "0.00000000"}, "the price is 0"),
        ({"c": 91234.56}, "not a price"),
        ({"P": "1e2"}, "not a percentage"),
        ({"v": "-1"}, "not a quantity"),
        ({"E": "1768046400000"}, "not a time"),
        ({"E": 1768046400000.5}, "not a time"),
        ({"E": True}, "not a time"),
        ({"E": 0}, "not a time"),
        ({"E": 1_768_046_400_000_000}, "not a time"),
        ({"L": -2}, "not an id"),
        ({"L": 2**64}, "not an id"),
        ({"L": None}, "not an id"),
        ({"s": "btcusdt"}, "not a symbol"),
        ({"s": "BTC USDT"}, "not a symbol"),
        ({"s": "BTC\nUSDT"}, "not a symbol"),
        ({"s": ""}, "not a symbol"),
        ({"s": "A" * 51}, "not a symbol"),
        ({"s": ["BTCUSDT"]}, "not a symbol"),
        ({"e": "24HRTICKER"}, "unknown event"),
        ({"e": ["24hrTicker"]}, "unknown event"),
    ],
)
def test_a_field_that_cannot_be_is_named(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotAQuote, match=reason):
        BINANCE.read(combined("btcusdt@ticker", ticker_fields() | changes))


@pytest.mark.parametrize("key", ["E", "s", "c", "P", "o", "h", "l", "v", "q", "b", "a", "L"])
def test_a_missing_field_is_named(key: str) -> None:
    fields = ticker_fields()
    del fields[key]

    with pytest.raises(NotAQuote, match=f"24hrTicker without '{key}'"):
        BINANCE.read(json.dumps(fields))


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
SAMPLES = [json.loads(path.read_bytes()) for path in sorted(PAYLOADS.glob("ws_*.json"))]


@given(data=st.data())
def test_a_payload_with_any_field_replaced_or_removed_raises_nothing_but_not_a_quote(data: st.DataObject) -> None:
    message = json.loads(json.dumps(data.draw(st.sampled_from(SAMPLES))))
    part = message["data"] if isinstance(message.get("data"), dict) and data.draw(st.booleans()) else message
    key = data.draw(st.sampled_from(sorted(part)))
    if data.draw(st.booleans()):
        part[key] = data.draw(JUNK)
    else:
        del part[key]

    try:
        heard = BINANCE.read(json.dumps(message))
    except NotAQuote:
        return
    for tick in heard if isinstance(heard, list) else ():
        assert tick.numbers.get("price", 1) > 0
        assert all(number.is_finite() for number in tick.numbers.values())


@given(JUNK)
def test_any_json_raises_nothing_but_not_a_quote(junk: object) -> None:
    try:
        BINANCE.read(json.dumps(junk))
    except NotAQuote as exc:
        assert str(exc)


def test_streams_follow_the_mode_and_the_speed() -> None:
    slow, fast = Subscription("BTCUSDT"), Subscription("BTCUSDT", every_trade=True)

    assert BINANCE.streams(slow, "tickers") == ("btcusdt@ticker",)
    assert BINANCE.streams(fast, "tickers") == ("btcusdt@ticker", "btcusdt@aggTrade", "btcusdt@bookTicker")
    assert BINANCE.streams(slow, "market") == ()
    assert BINANCE.streams(fast, "market") == ("btcusdt@aggTrade", "btcusdt@bookTicker")
    assert BINANCE.shared_streams("market") == ("!miniTicker@arr",)
    assert BINANCE.streams(slow, "recorded") == (
        "btcusdt@trade",
        "btcusdt@aggTrade",
        "btcusdt@bookTicker",
        "btcusdt@ticker",
    )


def test_requests_carry_many_streams_and_an_id() -> None:
    assert json.loads(BINANCE.subscribe(["btcusdt@ticker", "币安人生usdt@ticker"], 7)) == {
        "method": "SUBSCRIBE",
        "params": ["btcusdt@ticker", "币安人生usdt@ticker"],
        "id": 7,
    }
    assert json.loads(BINANCE.unsubscribe(["btcusdt@ticker"], 8))["method"] == "UNSUBSCRIBE"
