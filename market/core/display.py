"""Numbers as the board writes them, for people.

static/market/js/model/format.js writes the same in the browser; tests/support/messages/display.json holds both to it.
"""

from decimal import ROUND_HALF_UP, Decimal

THIN_SPACE = "\u202f"  # narrow, and never at the end of a line
MINUS = "\u2212"  # as wide as a plus
ABSENT = "\u2013"

_UNITS = ((12, "T"), (9, "B"), (6, "M"))
_CHINESE_UNITS = ((12, "万亿"), (8, "亿"), (4, "万"))


def price(text: str | None, digits: int | None) -> str:
    """`61,828.02` of exact decimal text: the decimals of the tick size; more where the price has more, never fewer."""
    if text is None:
        return ABSENT
    missing = (digits or 0) - len(text.partition(".")[2])
    if missing > 0:
        text += "0" * missing if "." in text else "." + "0" * missing
    return grouped(text)


def percent(text: str | None) -> str:
    """`+2.50 %`: always two decimals and a sign, except for zero."""
    if text is None:
        return ABSENT
    rounded = _rounded(Decimal(text), 2)
    sign = "+" if rounded.strip("-0.") and not rounded.startswith("-") else ""
    return f"{sign}{grouped(rounded)}{THIN_SPACE}%"


def volume(text: str | None, language: str = "en") -> str:
    """`1.23 M`, `12,345`, `42.10`, `0.0123`: an amount in few digits; Chinese counts in ten thousands."""
    if text is None:
        return ABSENT
    number = Decimal(text)
    whole = len(text.partition(".")[0].lstrip("-0"))
    for power, letter in _CHINESE_UNITS if language.startswith("zh") else _UNITS:
        if whole > power:
            return f"{grouped(_rounded(number.scaleb(-power), 2))}{THIN_SPACE}{letter}"
    return grouped(_rounded(number, 0 if whole > 3 else 2 if whole else 4))


def grouped(text: str) -> str:
    """Thousands apart as English and Chinese have them, a real minus; the page knows of other ways to write it."""
    whole, dot, fraction = text.removeprefix("-").partition(".")
    return (MINUS if text.startswith("-") else "") + f"{int(whole):,}" + dot + fraction


def _rounded(number: Decimal, places: int) -> str:
    """Half away from zero, without a minus before nothing."""
    text = f"{number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP):f}"
    return text if text.strip("-0.") else text.removeprefix("-")
