"""Numbers reach clients digit by digit as the exchange wrote them."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.core.quote import NUMBERS, Quote
from market.core.wire import ALWAYS, EVERY_FIELD, OPTIONAL, WireQuote, number_text, time_text

NUMBER = st.decimals(allow_nan=False, allow_infinity=False, places=None) | st.decimals(
    min_value=0, max_value=10**12, places=8
)
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


@given(NUMBER.filter(lambda number: abs(number.adjusted()) < 400))
def test_a_number_keeps_its_value_and_has_no_exponent(number: Decimal) -> None:
    text = number_text(number)

    assert Decimal(text) == number
    assert "e" not in text.lower()
    assert json.loads(text, parse_float=Decimal, parse_int=Decimal) == number
    assert "." not in text or text[-1] not in "0."


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("61828.02000000", "61828.02"),
        ("0.00000001", "0.00000001"),
        ("1E+3", "1000"),
        ("1000", "1000"),
        ("-0.016", "-0.016"),
        ("-0.000", "0"),
        ("0E-8", "0"),
    ],
)
def test_a_number_is_written_as_people_write_it(number: str, text: str) -> None:
    assert number_text(Decimal(number)) == text


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_what_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="not a JSON number"):
        number_text(Decimal(number))


@given(st.integers(0, 4_102_444_800_000))
def test_a_time_reads_back_to_the_millisecond(time_ms: int) -> None:
    read = datetime.fromisoformat(time_text(time_ms))

    assert read.tzinfo == UTC
    assert round(read.timestamp() * 1000) == time_ms


@given(NAMES, st.dictionaries(st.sampled_from(NUMBERS), NUMBER, min_size=1), st.integers(0, EVERY_FIELD))
def test_a_quotes_text_is_json_with_the_chosen_fields(symbol: str, numbers: dict[str, Decimal], mask: int) -> None:
    numbers.setdefault("price", Decimal(1))
    wire = WireQuote.of(Quote("binance", symbol, "simulator", 1_700_000_000_123, numbers))

    read = json.loads(wire.json(mask), parse_float=Decimal, parse_int=Decimal)

    chosen = {*ALWAYS, *(name for bit, name in enumerate(OPTIONAL) if mask >> bit & 1)}
    assert {name: read[name] for name in read.keys() & set(NUMBERS)} == {
        name: number for name, number in numbers.items() if name in chosen
    }
    assert (read["symbol"], read["exchange"], read["source"]) == (symbol, "binance", "simulator")
    assert read["timestamp"] == "2023-11-14T22:13:20.123Z"
