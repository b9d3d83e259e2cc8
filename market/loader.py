"""Stretches of candles from the exchange into rows, in steps that can end anywhere and be done again."""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from market import history
from market.candle_writer import in_thread
from market.core.candle import Candle
from market.core.interval import MINUTE_MS, Interval
from market.exchanges.rest import Rest
from market.history import Gap, Key, Progress, Span
from market.models import BackfillState, GapReason

AT_ONCE = 990  # minutes of a request: below the exchange's 1,000, and whole candles of 15 minutes
SETTLED_MS = 2 * MINUTE_MS  # a minute that the exchange does not have so long after its end never comes
# Older than the minutes that are kept or loaded: as many candles as one request brings.
LONGER = ((Interval.D1, 1000), (Interval.H4, 1000), (Interval.H1, 1000), (Interval.M15, 960))
SHARE = 0.5  # of the exchange's budget of a minute; the rest is for what prices need
MINUTE = 60.0


class Loader:
    """One exchange and one source. Every method raises Refused, Unreachable, UnknownSymbol or a database error: what
    was stored until then stays, and what is missing is asked for the next time.
    """

    def __init__(self, rest: Rest, exchange: str, source: str, *, between: float = 0.0) -> None:
        self.rest = rest
        self.source = source
        self._exchange = exchange
        self._between = between

    def key(self, symbol: str) -> Key:
        return self._exchange, symbol

    def newest_ms(self) -> int:
        """Up to where the exchange has candles that are over."""
        return Interval.M1.floor(self.rest.now_ms() - MINUTE_MS // 6)

    async def missing(self, symbol: str, start_ms: int, end_ms: int) -> list[Span]:
        return await in_thread(history.missing, *self.key(symbol), self.source, start_ms=start_ms, end_ms=end_ms)

    async def note(self, symbol: str, progress: Progress) -> None:
        await in_thread(history.note_progress, *self.key(symbol), self.source, progress)

    async def load(
        self,
        symbol: str,
        spans: Sequence[Span],
        *,
        halted: bool = False,
        on_minutes: Callable[[int], None] = lambda minutes: None,
    ) -> None:
        """Fill these stretches, oldest first; `on_minutes` hears how many more minutes are settled, after each step."""
        wanted = sum(end - start for start, end in spans) // MINUTE_MS
        done = 0
        for start_ms, end_ms in spans:
            while start_ms < end_ms:
                await self.note(symbol, Progress(BackfillState.RUNNING, done, wanted))
                reached = await self._step(symbol, (start_ms, end_ms), halted)
                done += (reached - start_ms) // MINUTE_MS
                on_minutes((reached - start_ms) // MINUTE_MS)
                start_ms = reached
                await self._spare_budget()
        await self.note(symbol, Progress(BackfillState.DONE, done, wanted))

    async def load_longer(self, symbol: str) -> None:
        """What the exchange has of longer ones from before our own."""
        for interval, number in LONGER:
            end_ms = interval.floor(self.newest_ms())
            start_ms = end_ms - number * interval.ms
            oldest = await in_thread(history.oldest, *self.key(symbol), self.source, interval)
            end_ms = end_ms if oldest is None else min(end_ms, oldest)
            if end_ms - start_ms <= number * interval.ms // 10:
                continue  # what is kept moves on with time: not a request for every new day
            candles = await self.rest.candles(symbol, interval, start_ms=start_ms, end_ms=end_ms, limit=number)
            await in_thread(history.write_longer, *self.key(symbol), self.source, interval=interval, candles=candles)
            await self._spare_budget()

    async def _step(self, symbol: str, span: Span, halted: bool) -> int:
        """One request; up to where everything is settled now."""
        start_ms, end_ms = span
        limit = AT_ONCE - start_ms // MINUTE_MS % Interval.M15.minutes
        candles = await self.rest.candles(symbol, Interval.M1, start_ms=start_ms, end_ms=end_ms, limit=limit)
        candles = [each for each in candles if start_ms <= each.open_ms < end_ms]
        reached = end_ms if len(candles) < limit else candles[-1].open_ms + MINUTE_MS
        await in_thread(history.write, self.source, {self.key(symbol): candles})
        settled = min(reached, self.rest.now_ms() - SETTLED_MS)
        gaps = await self._gaps(symbol, (start_ms, settled), candles, halted)
        if gaps:
            await in_thread(history.mark, *self.key(symbol), self.source, gaps)
        return reached

    async def _gaps(self, symbol: str, span: Span, candles: Iterable[Candle], halted: bool) -> list[Gap]:
        """What the exchange did not have of a stretch, and why."""
        came = [(each.open_ms, each.open_ms + MINUTE_MS) for each in candles]
        holes = history.without([span] if span[0] < span[1] else [], came)
        if not holes:
            return []
        oldest = await in_thread(history.oldest, *self.key(symbol), self.source, Interval.M1)
        newest = came[-1][1] if came else span[0]
        return [Gap(start, end, _reason(start, end, oldest, newest, halted)) for start, end in holes]

    async def _spare_budget(self) -> None:
        """Leave the rest of this minute to others, or only a moment."""
        used_up = self.rest.used >= SHARE
        await asyncio.sleep(MINUTE - self.rest.now_ms() / 1000 % MINUTE if used_up else self._between)


def _reason(start: int, end: int, oldest: int | None, newest: int, halted: bool) -> GapReason:
    if halted and start >= newest:
        return GapReason.HALTED
    return GapReason.UNLISTED if oldest is None or end <= oldest else GapReason.NONE
