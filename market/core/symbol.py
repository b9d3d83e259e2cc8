"""The spelling of a symbol, as the venue writes it: upper case, any script, no separators."""

LONGEST = 50  # the longest that Binance allows (exchangeInfo, 2025-12)

# Coins that a venue renamed: streams of the old name are acknowledged and stay silent.
RENAMED = {"MATIC": ("POL", "2024")}


class BadSymbol(ValueError):
    """What was typed cannot be a symbol; the text says why."""


def normalise(text: str) -> str:
    """`btcusdt ` -> `BTCUSDT`. Says nothing about whether the result can be a symbol."""
    return text.strip().upper()


def read_symbol(text: str) -> str:
    """The normalised symbol. Raises BadSymbol when it is empty, too long or holds what no symbol can hold."""
    symbol = normalise(text)
    if not symbol:
        raise BadSymbol("A symbol has at least one character.")
    if len(symbol) > LONGEST:
        raise BadSymbol(f"A symbol has at most {LONGEST} characters.")
    bad = next((character for character in symbol if not _may_be_in_a_symbol(character)), None)
    if bad is not None:
        raise BadSymbol(f"{bad!a} cannot be in a symbol: letters, digits, - _ . only, like BTCUSDT.")
    return symbol


def renamed_note(text: str) -> str | None:
    """What to tell someone who looks for a coin under its former name; None for all others."""
    symbol = normalise(text)
    for old, (new, year) in RENAMED.items():
        if symbol.startswith(old):
            return f"{old} became {new} in {year}: watch {new}{symbol.removeprefix(old) or 'USDT'}"
    return None


def _may_be_in_a_symbol(character: str) -> bool:
    if character.isascii():
        return character.isalnum() or character in "-_."
    # Other scripts hold vowel signs that are no letters; spaces and invisible characters are not printable.
    return character.isprintable()
