"""What the exchange says over HTTP about watched symbols: which trade, and their prices before the first frame.

Nothing here is needed for prices to flow: where the exchange does not answer over HTTP, it is asked again later.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.db import Error as DatabaseError

from market.core.tick import Tick
from market.exchanges.base import Refused, SymbolInfo, Unreachable
from market.exchanges.rest import Rest
from market.journal import in_thread
from market.models import TRADING
from market.seen import note_info
from market.watchlist import Watched

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ListingsPace:
    """Seconds: between two looks at all symbols, after one that failed, and least between any two."""

    every: float = 300.0
    retry: float = 30.0
    least: float = 2.0


class Listings:
    """`halted` holds the watched symbols that the exchange lists but does not trade now.

    `on_tick` gets the first price of symbols that came new; `on_change` is called when `halted` changed.
    """

    def __init__(
        self,
        rest: Rest,
        exchange: str,
        *,
        on_tick: Callable[[Tick], None],
        on_change: Callable[[], None],
        pace: ListingsPace | None = None,
    ) -> None:
        self._rest = rest
        self._exchange = exchange
        self._on_tick = on_tick
        self._on_change = on_change
        self._pace = pace or ListingsPace()
        self._unpriced: set[str] = set()
        self._statuses: dict[str, str] = {}  # of the watched ones; "" where the exchange was not heard
        self._said = ""
        self._asked = asyncio.Event()

    @property
    def halted(self) -> frozenset[str]:
        return frozenset(symbol for symbol, status in self._statuses.items() if status not in ("", TRADING))

    def want(self, watched: Iterable[Watched]) -> None:
        """The watched symbols of this exchange; new ones are asked about at once."""
        statuses = {row.symbol: row.status for row in watched}
        new = statuses.keys() - self._statuses.keys()
        self._unpriced = (self._unpriced | new) & statuses.keys()
        self._statuses = {symbol: status or self._statuses.get(symbol, "") for symbol, status in statuses.items()}
        if new:
            self._asked.set()

    def ask(self) -> None:
        """Look again soon: a symbol has fallen silent."""
        self._asked.set()

    async def run(self) -> None:
        """Look when asked and every so often, for ever."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pace.every):
                    await self._asked.wait()
            self._asked.clear()
            await asyncio.sleep(await self._look())

    async def _look(self) -> float:
        """Ask about everything; seconds to leave the exchange alone."""
        try:
            await self._first_prices()
            await self._note(await self._rest.info(sorted(self._statuses)))
            return self._pace.least
        except Unreachable as exc:
            self._say(f"does not answer over HTTP: {exc.reason}")
        except Refused as exc:
            self._say(f"refuses to answer over HTTP: {exc.reason}")
            self._asked.set()
            return max(exc.retry_after or 0.0, self._pace.retry)
        self._asked.set()
        return self._pace.retry

    async def _first_prices(self) -> None:
        if self._unpriced:
            ticks = await self._rest.tickers(sorted(self._unpriced))
            self._unpriced.clear()
            for tick in ticks:
                self._on_tick(tick)

    async def _note(self, infos: Mapping[str, SymbolInfo]) -> None:
        before = self.halted
        self._statuses.update({s: infos[s].status for s in self._statuses.keys() & infos.keys()})
        if self.halted != before:
            self._on_change()
        try:
            await in_thread(note_info, self._exchange, list(infos.values()))
        except DatabaseError as exc:
            logger.warning("what the exchange says of its symbols is not saved: %s", str(exc).strip())

    def _say(self, words: str) -> None:
        """Once for each new reason: the feed does not need these answers."""
        if words != self._said:
            self._said = words
            logger.info("%s %s", self._exchange, words)
