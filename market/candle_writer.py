"""Closed minutes on their way into rows: held in memory while the database is away, in a thread of their own."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from django.db import Error as DatabaseError

from market import history
from market.core.candle import Candle
from market.history import Gap
from market.own_threads import OwnThread

logger = logging.getLogger(__name__)

# One thread and one connection for all that the feed writes and asks about candles: nothing waits for another.
in_thread = OwnThread("candles")


@dataclass(frozen=True, slots=True)
class WritePace:
    """Seconds. `gather`: so long after the first minute that closed, its transaction begins, for the others come too.

    `limit` minutes may wait for the database; the oldest give way, and are loaded from the exchange later.
    """

    gather: float = 2.0
    retry: float = 0.5
    longest: float = 10.0
    say: float = 60.0
    limit: int = 100_000


class CandleWriter:
    """Noting never waits; `run` writes. `on_lost` hears the symbol of each minute that had to give way."""

    def __init__(
        self,
        exchange: str,
        source: str,
        *,
        on_lost: Callable[[str], None] = lambda symbol: None,
        pace: WritePace | None = None,
    ) -> None:
        self._exchange = exchange
        self._source = source
        self._on_lost = on_lost
        self._pace = pace or WritePace()
        self._waiting: dict[tuple[str, int], Candle] = {}
        self._gaps: deque[tuple[str, Gap]] = deque(maxlen=self._pace.limit)
        self._noted = asyncio.Event()
        self._said_at = float("-inf")
        self.written = 0

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def note(self, symbol: str, candle: Candle) -> None:
        """A minute that is over. Of the same minute the last word counts."""
        self._waiting[symbol, candle.open_ms] = candle
        while len(self._waiting) > self._pace.limit:
            oldest = next(iter(self._waiting))
            del self._waiting[oldest]
            self._on_lost(oldest[0])
        self._noted.set()

    def mark(self, symbol: str, gap: Gap) -> None:
        """Minutes that never come."""
        self._gaps.append((symbol, gap))
        self._noted.set()

    async def run(self) -> None:
        """Write what was noted, for ever."""
        pause = self._pace.gather
        while True:
            await self._noted.wait()
            await asyncio.sleep(pause)
            self._noted.clear()
            if await self.write():
                pause = self._pace.gather
            else:
                self._noted.set()
                pause = self._pace.retry if pause == self._pace.gather else min(2 * pause, self._pace.longest)

    async def write(self) -> bool:
        """All that waits, in one transaction; False when the database does not take it."""
        batch = dict(self._waiting)
        candles: dict[history.Key, list[Candle]] = {}
        for (symbol, _), candle in batch.items():
            candles.setdefault((self._exchange, symbol), []).append(candle)
        try:
            await in_thread(history.write, self._source, candles)
            while self._gaps:
                symbol, gap = self._gaps[0]
                await in_thread(history.mark, self._exchange, symbol, self._source, [gap])
                self._gaps.popleft()
        except DatabaseError as exc:
            self._say(exc)
            return False
        for key, candle in batch.items():
            if self._waiting.get(key) is candle:  # or else there is newer word of it
                del self._waiting[key]
        self.written += len(batch)
        return True

    def _say(self, exc: DatabaseError) -> None:
        if time.monotonic() - self._said_at >= self._pace.say:
            self._said_at = time.monotonic()
            logger.warning("the database does not take candles, %d wait: %s", self.waiting, str(exc).strip())
