"""Rules and quotes for tests, with everything that a test does not care about filled in."""

from dataclasses import replace
from decimal import Decimal

from market.core.quote import Quote
from market.core.rule import Condition, Frequency, Rule

NOON_MS = 1_768_046_400_000

PLAIN = Rule(
    id=1,
    version=1,
    exchange="binance",
    symbol="BTCUSDT",
    condition=Condition.ABOVE,
    threshold=Decimal(100),
    upper=None,
    rearm=Decimal(1),
    window_ms=0,
    hold_ms=0,
    frequency=Frequency.EVERY,
    interval_ms=0,
    fire_if_holds=False,
)


def rule(condition: Condition = Condition.ABOVE, threshold: str = "100", **changes: object) -> Rule:
    """`rule(Condition.ENTERS, "100", upper="110", hold_ms=5)`: numbers of prices may be text."""
    numbers = {name: Decimal(text) for name, text in changes.items() if isinstance(text, str) and name in NUMBERS}
    return replace(PLAIN, condition=condition, threshold=Decimal(threshold), **{**changes, **numbers})  # type: ignore[arg-type]


NUMBERS = ("upper", "rearm")


def quote(price: str | Decimal, *, at: int = 0, symbol: str = "BTCUSDT", change: str | Decimal | None = None) -> Quote:
    """A quote `at` ms after noon."""
    numbers = {"price": Decimal(price)}
    if change is not None:
        numbers["change_24h"] = Decimal(change)
    return Quote("binance", symbol, "simulator", NOON_MS + at, numbers)
