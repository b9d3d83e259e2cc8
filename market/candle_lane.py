"""Open candles to the clients of this process, beside the prices: each that changed is encoded once.

Only the newest counts. A reader whose buffer is full gets the newest of what it missed once there is room, and nothing
is queued for it. Intervals longer than a minute are made of the stored minutes and the open one.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError

from market.candle_reader import CandleReader, Keys, Want
from market.core.candle import Candle
from market.core.dialect import Dialect
from market.core.interval import Interval
from market.core.messages import CandleBatch
from market.core.open_candle import OpenCandle, glance, read_candle

if TYPE_CHECKING:
    from market.cohort import Key

logger = logging.getLogger(__name__)

RECENT = 5  # closed minutes of a symbol that are held: they may not be rows yet
MOST_ASKED = 500  # open candles that are held for who asks again within the minute
RETRY = 2.0  # seconds before rows are asked for again when the database did not answer

# Stored minutes of a symbol of a source, from the first time until before the second, oldest first. DatabaseError.
ReadMinutes = Callable[["Key", str, int, int], Awaitable[list[Candle]]]


@dataclass(eq=False)
class Minute:
    """The newest minute of a symbol, as the feed told it. Most are only passed on: their numbers are not read."""

    source: str
    open_ms: int
    closed: bool
    text: str

    @cached_property
    def candle(self) -> Candle:
        return read_candle(self.text)


class _Symbol:
    """What is held of one symbol."""

    __slots__ = ("minute", "over")

    def __init__(self, minute: Minute) -> None:
        self.minute = minute
        self.over: deque[Minute] = deque(maxlen=RECENT)


async def _no_rows(key: "Key", source: str, start_ms: int, end_ms: int) -> list[Candle]:
    return []


class CandleLane:
    """Lives in one event loop. `wall` is ms since 1970; `read_minutes` asks the database."""

    def __init__(self, *, wall: Callable[[], int], read_minutes: ReadMinutes = _no_rows) -> None:
        self.read_minutes = read_minutes
        self._wall = wall
        self._symbols: dict[Key, _Symbol] = {}
        self._open: dict[Want, OpenCandle] = {}
        self._asked: dict[Want, OpenCandle] = {}  # not followed, but good until its minute is over
        self._cohorts: dict[tuple[Interval, Keys], set[CandleReader]] = {}
        self._reading: dict[Want, asyncio.Task[None]] = {}

    def hear(self, batch: CandleBatch) -> None:
        """Minutes of the feed: those that closed first, then the open ones. What is older than held is passed over."""
        news = []
        for each in batch.candles:
            if each.interval == Interval.M1:
                news.append(((each.exchange, each.symbol), Minute(batch.source, *glance(each.text), each.text)))
        for closed in (True, False):
            changed = {key: minute for key, minute in news if minute.closed is closed and self._take(key, minute)}
            if changed:
                self._tell(changed)

    def keep_only(self, keys: Iterable["Key"]) -> None:
        """Other symbols are watched no more."""
        kept = set(keys)
        for key in [key for key in self._symbols if key not in kept]:
            del self._symbols[key]
        for want in [want for want in (*self._open, *self._asked) if want[0] not in kept]:
            self._forget(want)

    def minute(self, key: "Key") -> Minute | None:
        """The newest minute, open or just over; None before the first."""
        held = self._symbols.get(key)
        return None if held is None else held.minute

    async def now(self, key: "Key", interval: Interval) -> Candle | None:
        """The candle of `interval` that is open now; None where no minute is known. Raises DatabaseError."""
        minute = self.minute(key)
        if minute is None or interval is Interval.M1:
            return None if minute is None else minute.candle
        want = (key, interval)
        followed = self._open.get(want) or self._asked.get(want)
        if followed is not None and followed.take(minute.candle) and followed.candle is not None:
            return followed.candle
        made = OpenCandle(interval)
        await self._fill(made, key, interval)
        self._asked[want] = made
        while len(self._asked) > MOST_ASKED:
            del self._asked[next(iter(self._asked))]
        return made.candle

    # Readers.

    def join(self, reader: CandleReader, interval: Interval, keys: Keys) -> None:
        self._cohorts.setdefault((interval, keys), set()).add(reader)

    def leave(self, reader: CandleReader, interval: Interval, keys: Keys) -> None:
        cohort = self._cohorts.get((interval, keys))
        if cohort is None:
            return
        cohort.discard(reader)
        if not cohort:
            del self._cohorts[interval, keys]
            for want in [want for want in self._open if want[1] is interval and not self._wanted(want)]:
                self._forget(want)

    def held(self, interval: Interval, keys: Keys) -> list[Want]:
        """Those of `keys` (None: all) of which there is anything to tell, or will be once the rows are read."""
        wanted = self._symbols if keys is None else [key for key in keys if key in self._symbols]
        return [(key, interval) for key in wanted if self._follow((key, interval))]

    def message(self, want: Want, dialect: Dialect) -> bytes | None:
        """What a client is told of its newest candle, not framed; None where nothing is known."""
        text = self._text(want)
        return None if text is None else dialect.candle(want[0], want[1], text, self._wall())

    # What changed.

    def _take(self, key: "Key", minute: Minute) -> bool:
        held = self._symbols.get(key)
        if held is None or held.minute.source != minute.source:
            self._symbols[key] = _Symbol(minute)
            for interval in Interval:
                self._forget((key, interval))
        else:
            before = held.minute
            if minute.open_ms < before.open_ms or minute.text == before.text:
                return False
            if minute.open_ms == before.open_ms and before.closed:
                return False
            held.minute = minute
        if minute.closed:
            self._symbols[key].over.append(minute)
        return True

    def _tell(self, changed: Mapping["Key", Minute]) -> None:
        fresh: set[Want] = set()
        looked: set[Want] = set()
        for (interval, keys), readers in list(self._cohorts.items()):
            wants = [(key, interval) for key in (changed if keys is None else changed.keys() & keys)]
            fresh |= {want for want in wants if want not in looked and self._advance(want, changed[want[0]])}
            looked |= set(wants)
            news = [want for want in wants if want in fresh]
            if news:
                self._write(readers, news)

    def _write(self, readers: Iterable[CandleReader], wants: list[Want]) -> None:
        """Those who share their wants, their dialect and their framing share the bytes."""
        made: dict[object, list[bytes]] = {}
        for reader in tuple(readers):
            if reader.paused:
                reader.missed.update(wants)
                continue
            if reader.format not in made:
                made[reader.format] = reader.frames(wants)
            reader.write(made[reader.format])

    def _advance(self, want: Want, minute: Minute) -> bool:
        """Whether the candle that is wanted changed and can be told."""
        if want[1] is Interval.M1:
            return True
        followed = self._open.setdefault(want, OpenCandle(want[1]))
        if not followed.take(minute.candle) or (followed.is_partial and minute.closed):
            self._read_soon(want)
        return followed.candle is not None

    def _follow(self, want: Want) -> bool:
        """Begin with it if nobody wanted it before; whether it can be told now."""
        held = self._symbols.get(want[0])
        return held is not None and (want in self._open or self._advance(want, held.minute))

    def _text(self, want: Want) -> bytes | None:
        held = self._symbols.get(want[0])
        if held is None or want[1] is Interval.M1:
            return None if held is None else held.minute.text.encode()
        followed = self._open.get(want)
        return None if followed is None or followed.candle is None else followed.candle.json().encode()

    # Rows.

    def _read_soon(self, want: Want) -> None:
        if want not in self._reading:
            self._reading[want] = asyncio.get_running_loop().create_task(self._read(want))

    async def _read(self, want: Want) -> None:
        key, interval = want
        try:
            while (followed := self._open.get(want)) is not None and key in self._symbols:
                try:
                    await self._fill(followed, key, interval)
                    break
                except DatabaseError as exc:
                    logger.info("stored minutes cannot be read: %s", exc)
                    await asyncio.sleep(RETRY)
        finally:
            if self._reading.get(want) is asyncio.current_task():
                del self._reading[want]
        if self._text(want) is not None:
            for (each, keys), readers in list(self._cohorts.items()):
                if each is interval and (keys is None or key in keys):
                    self._write(readers, [want])

    async def _fill(self, followed: OpenCandle, key: "Key", interval: Interval) -> None:
        """Stored minutes, and those that were over so lately that they may not be rows; then the open one."""
        while (held := self._symbols.get(key)) is not None:
            minute = held.minute
            start_ms = interval.floor(minute.open_ms)
            rows = await self.read_minutes(key, minute.source, start_ms, minute.open_ms)
            now = self._symbols.get(key)
            if now is None:
                return
            newest = now.minute
            if (newest.source, interval.floor(newest.open_ms)) == (minute.source, start_ms):
                known = {
                    each.open_ms: each for each in (*(over.candle for over in now.over), *rows)
                }  # a row may have been mended: it counts
                followed.fill([known[time] for time in sorted(known)], newest.candle)
                return

    def _wanted(self, want: Want) -> bool:
        return any(each is want[1] and (keys is None or want[0] in keys) for each, keys in self._cohorts)

    def _forget(self, want: Want) -> None:
        self._open.pop(want, None)
        self._asked.pop(want, None)
        task = self._reading.pop(want, None)
        if task is not None:
            task.cancel()
