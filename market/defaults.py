"""The symbols of a new installation."""

from decimal import Decimal

from django.db import transaction

from market.models import DEFAULT_EXCHANGE, DataStep, WatchedSymbol

QUOTE = "USDT"
# In the order of the board, with tick sizes of 2025; the exchange's own word replaces them once it answers.
DEFAULTS = {
    "BTC": "0.01",
    "ETH": "0.01",
    "BNB": "0.01",
    "SOL": "0.01",
    "XRP": "0.0001",
    "ADA": "0.0001",
    "DOGE": "0.00001",
    "AVAX": "0.01",
    "DOT": "0.001",
    "POL": "0.0001",  # MATIC until 2024
    "LINK": "0.01",
    "ATOM": "0.001",
    "UNI": "0.001",
    "LTC": "0.01",
    "BCH": "0.1",
    "FIL": "0.001",
}
_STEP = "default symbols"


def create_default_symbols() -> int:
    """Fill in the default symbols once in the life of a database; the number of rows created.

    Not a second time, however many processes ask, even where staff have removed them all since.
    """
    with transaction.atomic():
        _, first = DataStep.objects.get_or_create(name=_STEP)
        if not first or WatchedSymbol.objects.exists():
            return 0
        return len(WatchedSymbol.objects.bulk_create(_rows()))


def _rows() -> list[WatchedSymbol]:
    return [
        WatchedSymbol(
            exchange=DEFAULT_EXCHANGE,
            symbol=base + QUOTE,
            base=base,
            quote=QUOTE,
            tick_size=Decimal(tick_size),
            position=position,
        )
        for position, (base, tick_size) in enumerate(DEFAULTS.items())
    ]
