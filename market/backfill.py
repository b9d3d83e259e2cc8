"""Candles that the stream did not bring: found, asked for over HTTP, and marked where the exchange has none."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import Error as DatabaseError

from market import history
from market.candle_writer import in_thread
from market.core.interval import MINUTE_MS, Interval
from market.exchanges.base import Refused, UnknownSymbol, Unreachable
from market.history import Progress, Span
from market.loader import Loader
from market.models import BackfillState

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BackfillPace:
    """Seconds, unless said otherwise. `days` of minutes are loaded of a new symbol; `recent` minutes are looked at
    every `every` seconds, and `settle` after a gap showed.
    """

    days: int = 3
    recent: int = 1440
    every: float = 600.0
    settle: float = 5.0
    retry: float = 5.0
    longest: float = 300.0
    between: float = 0.02
    say: float = 10.0


class Backfill:
    """`want` the symbols, `ask` about one where minutes may be missing; `run` loads, one symbol after another."""

    def __init__(
        self,
        loader: Loader,
        *,
        is_halted: Callable[[str], bool] = lambda symbol: False,
        pace: BackfillPace | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._loader = loader
        self._is_halted = is_halted
        self._pace = pace or BackfillPace()
        self._clock = clock
        self._wanted: set[str] = set()
        self._line: dict[str, bool] = {}  # symbol -> whether all its history is looked at, in the order of asking
        self._asked = asyncio.Event()
        self._said_at = float("-inf")
        self._loaded = 0

    @property
    def waiting(self) -> int:
        """Symbols that are not looked at yet."""
        return len(self._line)

    def want(self, symbols: Iterable[str]) -> None:
        """The watched symbols; new ones get their history."""
        wanted = set(symbols)
        for symbol in self._line.keys() - wanted:
            del self._line[symbol]
        for symbol in sorted(wanted - self._wanted):
            self._line[symbol] = True
        self._wanted = wanted
        self._asked.set()

    def ask(self, symbol: str) -> None:
        """A minute of the symbol did not come."""
        if symbol in self._wanted:
            self._line.setdefault(symbol, False)
            self._asked.set()

    def ask_all(self) -> None:
        """The connection was lost and is back."""
        for symbol in self._wanted:
            self.ask(symbol)

    async def run(self) -> None:
        """Load what is missing, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._look_again(), name="look for missing candles")
            while True:
                await self._asked.wait()
                self._asked.clear()
                await asyncio.sleep(self._pace.settle)
                await self._work_off()

    async def _look_again(self) -> None:
        while True:
            await asyncio.sleep(self._pace.every)
            self.ask_all()

    async def _work_off(self) -> None:
        began, symbols = self._clock(), len(self._line)
        self._loaded = 0
        pause = self._pace.retry
        async with self._loader.rest.kept_open():
            while self._line:
                symbol = next(iter(self._line))
                wait = await self._try(symbol, self._line[symbol], pause)
                if wait is None:
                    pause = self._pace.retry
                    continue
                await asyncio.sleep(wait)
                pause = min(2 * pause, self._pace.longest)
        if self._loaded:
            lasted = self._clock() - began
            logger.info("candles: %s minutes of %d symbols loaded in %.0f s", f"{self._loaded:,}", symbols, lasted)

    async def _try(self, symbol: str, all_of_it: bool, pause: float) -> float | None:
        """None when the symbol is done with; else the seconds until it is tried again, from where it stands."""
        try:
            await self._load(symbol, all_of_it)
        except UnknownSymbol as exc:
            await self._note(symbol, Progress(BackfillState.HELD_UP, note=exc.reason))
        except Refused as exc:
            return await self._held_up(symbol, exc.reason, max(exc.retry_after or 0.0, pause))
        except Unreachable as exc:
            return await self._held_up(symbol, exc.reason, pause)
        except DatabaseError as exc:
            self._say("the database does not take candles: %s", str(exc).strip())
            return pause
        self._line.pop(symbol, None)
        return None

    async def _held_up(self, symbol: str, reason: str, seconds: float) -> float:
        self._say("the exchange holds up the candles of %s for %.0f s: %s", symbol, seconds, reason)
        await self._note(symbol, Progress(BackfillState.HELD_UP, note=reason))
        return seconds

    async def _note(self, symbol: str, progress: Progress) -> None:
        try:
            await self._loader.note(symbol, progress)
        except DatabaseError as exc:
            self._say("how far the candles are is not saved: %s", str(exc).strip())

    async def _load(self, symbol: str, all_of_it: bool) -> None:
        if all_of_it:
            await self._loader.load_longer(symbol)  # first: from now on the exchange's clock is known
        start_ms, end_ms = await self._range(symbol, all_of_it)
        spans = await self._loader.missing(symbol, start_ms, end_ms)
        await self._loader.load(symbol, spans, halted=self._is_halted(symbol), on_minutes=self._tell(symbol))

    async def _range(self, symbol: str, all_of_it: bool) -> Span:
        """From where to where nothing may be missing."""
        now_ms = self._loader.rest.now_ms()
        start_ms = now_ms - self._pace.recent * MINUTE_MS
        if all_of_it:
            start_ms = min(start_ms, Interval.D1.floor(now_ms - self._pace.days * Interval.D1.ms))
            oldest = await in_thread(history.oldest, *self._loader.key(symbol), self._loader.source, Interval.M1)
            start_ms = min(start_ms, oldest if oldest is not None else start_ms)
        return start_ms, self._loader.newest_ms()

    def _tell(self, symbol: str) -> Callable[[int], None]:
        def tell(minutes: int) -> None:
            self._loaded += minutes
            if self._clock() - self._said_at >= self._pace.say:
                self._said_at = self._clock()
                logger.info("candles: loading %s, %d symbols to go", symbol, len(self._line))

        return tell

    def _say(self, words: str, *values: object) -> None:
        if self._clock() - self._said_at >= self._pace.say:
            self._said_at = self._clock()
            logger.warning(words, *values)
