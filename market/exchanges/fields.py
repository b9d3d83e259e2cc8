"""The fields of a venue's payload, checked: exact decimals, ids, times and symbols. All raise NotAQuote."""

import re
from decimal import Decimal
from typing import Any

from market.core.symbol import LONGEST, BadSymbol, read_symbol
from market.exchanges.base import NotAQuote

# ASCII digits and one point only. Decimal() itself would also take "NaN", "1e5", " 1", "1_0" and the digits of
# other scripts. The lengths keep every quotient of two prices inside the 28 digits of a decimal context.
_PRICE = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,10})?").fullmatch
_VOLUME = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,10})?").fullmatch
_PERCENT = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,8})?").fullmatch

EARLIEST_MS = 1_262_304_000_000  # 2010-01-01: no venue is older
LATEST_MS = 4_102_444_800_000  # 2100-01-01
MAX_ID = 2**63 - 1


def price(text: Any) -> Decimal:
    """A number from "61837.63000000"; may be 0."""
    if type(text) is str and _PRICE(text):
        return Decimal(text)
    raise NotAQuote(f"not a price: {text!r:.80}")


def volume(text: Any) -> Decimal:
    """A quantity from "18774231.40000000"."""
    if type(text) is str and _VOLUME(text):
        return Decimal(text)
    raise NotAQuote(f"not a quantity: {text!r:.80}")


def percent(text: Any) -> Decimal:
    """A percentage from "-0.693"."""
    if type(text) is str and _PERCENT(text):
        return Decimal(text)
    raise NotAQuote(f"not a percentage: {text!r:.80}")


def time_ms(value: Any) -> int:
    """Milliseconds since 1970 UTC, within this century."""
    if type(value) is int and EARLIEST_MS <= value <= LATEST_MS:
        return value
    raise NotAQuote(f"not a time in ms: {value!r:.80}")


def identifier(value: Any) -> int:
    """A number that counts up: a trade id or an update id."""
    if type(value) is int and 0 <= value <= MAX_ID:
        return value
    raise NotAQuote(f"not an id: {value!r:.80}")


def symbol(value: Any) -> str:
    """An upper-case name such as BTCUSDT, in the spelling of `core.symbol`. Not all are ASCII."""
    if type(value) is str and value.isalnum() and value == value.upper() and len(value) <= LONGEST:
        return value
    try:
        if type(value) is str and read_symbol(value) == value:
            return value
    except BadSymbol as exc:
        raise NotAQuote(f"not a symbol: {exc}") from None
    raise NotAQuote(f"not a symbol: {value!r:.80}")
