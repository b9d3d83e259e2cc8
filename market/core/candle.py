"""Candles: what was traded in a stretch of time, and larger ones made of smaller ones."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Context, Decimal

from market.core.interval import Interval
from market.core.wire import number_text

# Sums of volumes keep every digit: a thousand minutes of 20 digits before the point and 10 after it, and room.
EXACT = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Candle:
    """`open_ms` is ms since 1970 UTC; volumes are in the base and in the quote asset. `closed`: it changes no more."""

    open_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    quote_volume: Decimal
    trades: int
    closed: bool = True

    def json(self) -> str:
        """The client's candle object, with exact numbers."""
        numbers = ",".join(f'"{name}":{number_text(getattr(self, name))}' for name in _NUMBERS)
        closed = "true" if self.closed else "false"
        return f'{{"time":{self.open_ms},{numbers},"trades":{self.trades},"closed":{closed}}}'


_NUMBERS = ("open", "high", "low", "close", "volume", "quote_volume")


@dataclass(frozen=True, slots=True)
class VenueCandle:
    """A minute of `symbol` as the venue's stream tells it; `time_ms` is its event time, which orders such news."""

    symbol: str
    candle: Candle
    time_ms: int


def joined(first: Candle, second: Candle, *, open_ms: int) -> Candle:
    """One candle that opens at `open_ms`, of two that follow each other."""
    return Candle(
        open_ms,
        first.open,
        max(first.high, second.high),
        min(first.low, second.low),
        second.close,
        EXACT.add(first.volume, second.volume),
        EXACT.add(first.quote_volume, second.quote_volume),
        first.trades + second.trades,
        second.closed,
    )


def aggregate(candles: Iterable[Candle], interval: Interval) -> list[Candle]:
    """Candles of `interval`, made of smaller ones in the order of time. A stretch without any has none.

    `closed` is that of the last part: whoever knows the time knows whether the interval is over.
    """
    made: list[Candle] = []
    for candle in candles:
        open_ms = interval.floor(candle.open_ms)
        if made and made[-1].open_ms == open_ms:
            made[-1] = joined(made[-1], candle, open_ms=open_ms)
        else:
            made.append(replace(candle, open_ms=open_ms))
    return made


class MinuteBuilder:
    """Minutes of one symbol made of its trades, where the venue's own are not to be had, as in a recording.

    The first minute is never whole, as its beginning may not have been heard: it is no candle.
    """

    def __init__(self) -> None:
        self._partial_ms: int | None = None
        self._open: Candle | None = None

    def trade(self, time_ms: int, price: Decimal, quantity: Decimal) -> tuple[Candle, ...]:
        """The minute that a trade changed, open; before it the one that it closed. Nothing for an older minute."""
        open_ms = Interval.M1.floor(time_ms)
        if self._partial_ms is None:
            self._partial_ms = open_ms
        if open_ms <= self._partial_ms or (self._open is not None and open_ms < self._open.open_ms):
            return ()
        amount = EXACT.multiply(price, quantity)
        tick = Candle(open_ms, price, price, price, price, quantity, amount, 1, closed=False)
        before, self._open = self._open, tick
        if before is None:
            return (tick,)
        if before.open_ms == open_ms:
            self._open = joined(before, tick, open_ms=open_ms)
            return (self._open,)
        return replace(before, closed=True), tick
