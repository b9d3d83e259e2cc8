"""What the simulated exchange trades: spelling, tick size, usual price and usual turnover of each symbol."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

PRICED_MS = 1_767_225_600_000  # 2026-01-01: a demonstration has the prices below then, whenever it runs
TRADES_A_DAY = 432_000  # five a second, as the simulator trades where nothing else is said
QUOTE_ASSETS = ("USDT", "USDC", "FDUSD", "BTC", "ETH", "BNB", "EUR", "TRY")


@dataclass(frozen=True, slots=True)
class Instrument:
    """One trading pair.

    `price` is where its walk starts or passes, `tick` the smallest price change, `lot` the smallest quantity,
    `turnover` the quote volume of a usual day and `trades` the number of trades in it.
    """

    symbol: str
    base: str
    quote: str
    price: Decimal
    tick: Decimal
    lot: Decimal
    turnover: int
    trades: int
    status: str = "TRADING"


def _usdt(base: str, price: str, tick: str, lot: str, turnover: int, *, status: str = "TRADING") -> Instrument:
    return Instrument(
        symbol=f"{base}USDT",
        base=base,
        quote="USDT",
        price=Decimal(price),
        tick=Decimal(tick),
        lot=Decimal(lot),
        turnover=turnover,
        trades=TRADES_A_DAY,
        status=status,
    )


KNOWN: tuple[Instrument, ...] = (
    _usdt("BTC", "95000.00", "0.01", "0.00001", 1_742_000_000),
    _usdt("ETH", "3100.00", "0.01", "0.0001", 1_210_000_000),
    _usdt("BNB", "880.00", "0.01", "0.001", 310_000_000),
    _usdt("SOL", "135.00", "0.01", "0.001", 540_000_000),
    _usdt("XRP", "2.1000", "0.0001", "0.1", 420_000_000),
    _usdt("ADA", "0.4500", "0.0001", "0.1", 71_000_000),
    _usdt("DOGE", "0.15000", "0.00001", "1", 160_000_000),
    _usdt("AVAX", "14.500", "0.001", "0.01", 45_000_000),
    _usdt("DOT", "2.450", "0.001", "0.01", 18_000_000),
    _usdt("POL", "0.1400", "0.0001", "0.1", 9_000_000),
    _usdt("LINK", "13.200", "0.001", "0.01", 52_000_000),
    _usdt("ATOM", "2.600", "0.001", "0.01", 8_000_000),
    _usdt("UNI", "6.300", "0.001", "0.01", 24_000_000),
    _usdt("LTC", "85.00", "0.01", "0.001", 38_000_000),
    _usdt("BCH", "530.00", "0.01", "0.001", 33_000_000),
    _usdt("FIL", "1.700", "0.001", "0.01", 19_000_000),
    _usdt("SHIB", "0.00000862", "0.00000001", "1", 12_000_000),
    _usdt("PEPE", "0.00000471", "0.00000001", "1", 61_000_000),
    _usdt("币安人生", "0.1573", "0.0001", "0.1", 15_000_000),
    # Renamed to POL in 2024-09: listed, never trading, its streams acknowledged and silent.
    _usdt("MATIC", "0.3772", "0.0001", "0.1", 1_000_000, status="BREAK"),
)
BY_SYMBOL = {instrument.symbol: instrument for instrument in KNOWN}


def listed(count: int) -> tuple[Instrument, ...]:
    """The first `count` symbols: the known ones, then `SYM001USDT` and so on."""
    return KNOWN[:count] + tuple(_generated(number) for number in range(1, count - len(KNOWN) + 1))


def named(symbols: Iterable[str]) -> tuple[Instrument, ...]:
    """The instruments of these symbols; an unknown one is invented at a price of 10. Raises ValueError."""
    return tuple(BY_SYMBOL.get(symbol) or _invented(symbol) for symbol in dict.fromkeys(symbols))


def _generated(number: int) -> Instrument:
    price = Decimal(number * 7919 % 90_000 + 1_000).scaleb(-3)
    return _usdt(f"SYM{number:03d}", str(price), "0.001", "0.01", 5_000_000)


def _invented(symbol: str) -> Instrument:
    quote = next((asset for asset in QUOTE_ASSETS if symbol.endswith(asset) and symbol != asset), None)
    if quote is None or symbol != symbol.upper() or not symbol.isalnum():
        raise ValueError(f"not a symbol: {symbol!r} (expected for example BTCUSDT)")
    return Instrument(
        symbol=symbol,
        base=symbol.removesuffix(quote),
        quote=quote,
        price=Decimal("10.0000"),
        tick=Decimal("0.0001"),
        lot=Decimal("0.01"),
        turnover=5_000_000,
        trades=TRADES_A_DAY,
    )
