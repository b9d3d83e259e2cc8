"""The feed's candles: the open ones in memory, told once a second; the closed ones on their way into rows."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from django.db import Error as DatabaseError

from market import history
from market.backfill import Backfill
from market.candle_pace import CandlePace
from market.candle_writer import CandleWriter, in_thread
from market.core.candle import Candle, MinuteBuilder, VenueCandle
from market.core.interval import MINUTE_MS, Interval
from market.core.messages import CandleBatch, CandleText
from market.core.tick import Tick
from market.exchanges.rest import Rest
from market.history import Gap
from market.loader import Loader
from market.models import GapReason
from market.publish import Publisher

logger = logging.getLogger(__name__)


class Paces(Protocol):
    @property
    def candles(self) -> CandlePace: ...


class CandleOptions(Protocol):
    """The part of FeedOptions that is read here."""

    @property
    def exchange(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def mode(self) -> str: ...
    @property
    def pace(self) -> Paces: ...


@dataclass(slots=True)
class _Minute:
    """The newest that was heard of a symbol, and when the exchange said it."""

    candle: Candle
    time_ms: int

    def is_older(self, news: VenueCandle) -> bool:
        """Of the same minute: the last word of the exchange counts, and after the closed candle nothing does."""
        same = self.candle.open_ms == news.candle.open_ms and not self.candle.closed
        return same and (news.candle.closed or news.time_ms > self.time_ms)


class Candles:
    """`take` each candle of the stream; in a recording, which has none, `trade` each trade instead. Neither waits.

    `rest` loads what does not come. `is_plausible` judges the exchange's times, `is_halted` knows what does not trade.
    """

    def __init__(
        self,
        options: CandleOptions,
        publisher: Publisher,
        *,
        rest: Rest,
        is_plausible: Callable[[int], bool] = lambda time_ms: True,
        is_halted: Callable[[str], bool] = lambda symbol: False,
    ) -> None:
        pace = options.pace.candles
        self._exchange, self._source = options.exchange, options.source
        self._publisher = publisher
        self.epoch = ""
        self._pace = pace
        self.kept = pace.kept  # or else there are none
        self._is_plausible = is_plausible
        self._is_recording = options.mode == "recorded"
        self._backfill = Backfill(
            Loader(rest, options.exchange, options.source, between=pace.backfill.between),
            is_halted=is_halted,
            pace=pace.backfill,
        )
        self.writer = CandleWriter(options.exchange, options.source, on_lost=self._backfill.ask, pace=pace.write)
        self._connected = False
        self._wanted: frozenset[str] = frozenset()
        self._minutes: dict[str, _Minute] = {}
        self._closed: dict[str, int] = {}  # when the newest closed minute of each symbol opened
        self._builders: dict[str, MinuteBuilder] = {}
        self._changed: dict[str, Candle] = {}
        self._over: list[tuple[str, Candle]] = []
        self._some_closed = asyncio.Event()

    @property
    def open_candles(self) -> dict[str, Candle]:
        """Those that changed since they were told last."""
        return dict(self._changed)

    def want(self, symbols: Iterable[str]) -> None:
        """Exactly these; the others are forgotten."""
        self._wanted = frozenset(symbols)
        for held in (self._minutes, self._closed, self._builders, self._changed):
            for symbol in held.keys() - self._wanted:
                del held[symbol]
        self._backfill.want(self._wanted)

    def note_connected(self, connected: bool) -> None:
        """After an outage nobody knows what was missed meanwhile."""
        if connected and not self._connected:
            self._backfill.ask_all()
        self._connected = connected

    def take(self, news: VenueCandle) -> None:
        """What the exchange's stream says of a minute; older than what is known, or said twice: passed over."""
        if news.symbol not in self._wanted or not self._is_plausible(news.time_ms):
            return
        self._builders.pop(news.symbol, None)  # a recording with candles of its own
        if news.candle.closed:
            self._close(news.symbol, news.candle)
        held = self._minutes.get(news.symbol)
        if held is not None and news.candle.open_ms <= held.candle.open_ms and not held.is_older(news):
            return
        self._minutes[news.symbol] = _Minute(news.candle, news.time_ms)
        if not news.candle.closed:
            self._changed[news.symbol] = news.candle

    def trade(self, tick: Tick) -> None:
        """One trade, of which a minute is made where there are no candles to be had: in a recording."""
        if not (self.kept and self._is_recording) or tick.quantity is None or tick.time_ms is None:
            return
        if tick.symbol in self._minutes:
            return
        builder = self._builders.get(tick.symbol)
        if builder is None:
            builder = self._builders[tick.symbol] = MinuteBuilder()
            start_ms = Interval.M1.floor(tick.time_ms)
            self.writer.mark(tick.symbol, Gap(start_ms, start_ms + MINUTE_MS, GapReason.PARTIAL))
        for candle in builder.trade(tick.time_ms, tick.numbers["price"], tick.quantity):
            if candle.closed:
                self._close(tick.symbol, candle)
            else:
                self._changed[tick.symbol] = candle

    async def run(self) -> None:
        """Tell, write, load and prune, for ever."""
        if not self.kept:
            return
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tell(), name="candles")
            tasks.create_task(self.writer.run(), name="candle rows")
            tasks.create_task(self._prune(), name="prune candles")
            if not self._is_recording:
                tasks.create_task(self._backfill.run(), name="load candles")

    def _close(self, symbol: str, candle: Candle) -> None:
        last = self._closed.get(symbol)
        if last is not None and candle.open_ms <= last:
            if candle.open_ms < last:
                self.writer.note(symbol, candle)
            return
        if last is None or candle.open_ms > last + MINUTE_MS:
            self._note_hole(symbol, last, candle.open_ms)
        self._closed[symbol] = candle.open_ms
        self.writer.note(symbol, candle)
        self._over.append((symbol, candle))
        changed = self._changed.get(symbol)
        if changed is not None and changed.open_ms <= candle.open_ms:
            del self._changed[symbol]
        self._some_closed.set()

    def _note_hole(self, symbol: str, last: int | None, open_ms: int) -> None:
        if not self._is_recording:
            self._backfill.ask(symbol)
        elif last is not None:
            self.writer.mark(symbol, Gap(last + MINUTE_MS, open_ms, GapReason.QUIET))

    async def _tell(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pace.open):
                    await self._some_closed.wait()
                    await asyncio.sleep(self._pace.closed)
            self._some_closed.clear()
            over, self._over = self._over, []
            changed, self._changed = self._changed, {}
            texts = [self._text(symbol, candle) for symbol, candle in (*over, *changed.items())]
            if texts:
                await self._publisher.candles(CandleBatch(self.epoch, self._source, tuple(texts)))

    def _text(self, symbol: str, candle: Candle) -> CandleText:
        return CandleText(self._exchange, symbol, Interval.M1.value, candle.json())

    async def _prune(self) -> None:
        """Step by step, so that minutes that close meanwhile do not wait."""
        pause = self._pace.prune_first
        while True:
            await asyncio.sleep(pause)
            pause = self._pace.prune_every
            steps = history.prune(self._pace.keep_days, now_ms=time.time_ns() // 1_000_000)
            try:
                while await in_thread(next, steps, 0):
                    await asyncio.sleep(0)
            except DatabaseError as exc:
                logger.warning("old candles stay for now: %s", str(exc).strip())
