"""The list of watched symbols as one process knows it: polled, so that a change made anywhere is seen."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.db import Error as DatabaseError

from market.models import TRADING, WatchedSymbol
from market.own_threads import OwnThread
from market.symbol_print import SymbolPrint, symbol_print

log = logging.getLogger(__name__)

LOG_EVERY = 60.0  # seconds between two lines about a database that does not answer

# One thread and one connection per process, of our own: a slow query of a page does not make the list late.
_in_reader = OwnThread("watchlist")


@dataclass(frozen=True, slots=True)
class Watched:
    """An enabled symbol. `status` is the exchange's word for it, empty where it was never asked."""

    exchange: str
    symbol: str
    base: str
    quote: str
    tick_size: Decimal | None
    position: int
    every_trade: bool
    status: str

    @property
    def key(self) -> tuple[str, str]:
        return (self.exchange, self.symbol)

    @property
    def digits(self) -> int | None:
        """Decimals of a price as people see it; None where the tick size is not known."""
        if not self.tick_size:
            return None
        exponent = self.tick_size.normalize().as_tuple().exponent
        assert isinstance(exponent, int), "a tick size is a finite number"
        return max(0, -exponent)

    @property
    def halted(self) -> bool:
        return self.status not in ("", TRADING)


class Watchlist:
    """`symbols`: the enabled ones in the order of the board; empty before the first refresh."""

    def __init__(self) -> None:
        self.symbols: tuple[Watched, ...] = ()
        self._print: SymbolPrint | None = None

    async def refresh(self) -> bool:
        """Ask the database; True when the list changed. Raises django.db.Error and keeps the last list."""
        self._print, symbols = await _in_reader(_read, self._print)
        if symbols is None or symbols == self.symbols:
            return False
        self.symbols = symbols
        return True

    async def follow(self, on_change: Callable[[tuple[Watched, ...]], None], *, every: float = 1.0) -> None:
        """Refresh every `every` seconds, for ever; call `on_change` with each new list, the first included.

        A database that does not answer is logged at most once a minute; the last list stays.
        """
        told = None
        logged_at = float("-inf")
        while True:
            try:
                await self.refresh()
            except DatabaseError as error:
                if time.monotonic() - logged_at >= LOG_EVERY:
                    logged_at = time.monotonic()
                    log.warning("the list of symbols cannot be read: %s", str(error).strip())
            else:
                if self.symbols != told:
                    told = self.symbols
                    on_change(told)
            await asyncio.sleep(every)


def _read(known: SymbolPrint | None) -> tuple[SymbolPrint, tuple[Watched, ...] | None]:
    """The list's print, and the rows when it is not `known`.

    Read in this order, a change between the two queries is in the rows already and is read once more.
    """
    now = symbol_print()
    return now, None if now == known else _enabled()


def _enabled() -> tuple[Watched, ...]:
    names = Watched.__dataclass_fields__
    return tuple(Watched(*row) for row in WatchedSymbol.objects.filter(enabled=True).values_list(*names))
