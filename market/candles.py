"""The feed's candles: the open ones in memory, told once a second; the closed ones on their way into rows."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from market.candle_writer import CandleWriter, WritePace
from market.core.candle import Candle, MinuteBuilder, VenueCandle
from market.core.interval import Interval
from market.core.messages import CandleBatch, CandleText
from market.core.tick import Kind, Tick
from market.publish import Publisher


@dataclass(frozen=True, slots=True)
class CandlePace:
    """Seconds. `open`: between two words about open candles; `closed`: so that those that close together leave so."""

    open: float = 1.0
    closed: float = 0.05
    write: WritePace = WritePace()


@dataclass(slots=True)
class _Minute:
    """The newest that was heard of a symbol, and when the exchange said it."""

    candle: Candle
    time_ms: int


class Candles:
    """`take` each candle of the stream; in a recording, which has none, `trade` each trade instead.

    None of these waits. `on_hole` hears (symbol, from, up to in ms) when minutes between two closed ones did not come.
    """

    def __init__(
        self,
        exchange: str,
        source: str,
        publisher: Publisher,
        *,
        epoch: str,
        on_hole: Callable[[str], None] = lambda symbol: None,
        pace: CandlePace | None = None,
    ) -> None:
        self._exchange = exchange
        self._source = source
        self._publisher = publisher
        self._epoch = epoch
        self._on_hole = on_hole
        self._pace = pace or CandlePace()
        self.writer = CandleWriter(exchange, source, on_lost=on_hole, pace=self._pace.write)
        self._minutes: dict[str, _Minute] = {}
        self._closed: dict[str, int] = {}  # when the newest closed minute of each symbol opened
        self._builders: dict[str, MinuteBuilder] = {}
        self._changed: dict[str, Candle] = {}
        self._over: list[tuple[str, Candle]] = []
        self._some_closed = asyncio.Event()
        self.newest_ms = 0  # the exchange's clock as the newest candle tells it

    def want(self, symbols: Iterable[str]) -> None:
        """Forget the others."""
        wanted = set(symbols)
        for held in (self._minutes, self._closed, self._builders, self._changed):
            for symbol in held.keys() - wanted:
                del held[symbol]

    def take(self, news: VenueCandle) -> None:
        """What the exchange's stream says of a minute; older than what is known, or said twice: passed over."""
        self._builders.pop(news.symbol, None)  # a recording with candles of its own
        self.newest_ms = max(self.newest_ms, news.time_ms)
        held = self._minutes.get(news.symbol)
        if news.candle.closed:
            self._close(news.symbol, news.candle)
        if held is not None and (news.candle.open_ms, news.time_ms) <= (held.candle.open_ms, held.time_ms):
            return
        if held is not None and held.candle.open_ms == news.candle.open_ms and held.candle.closed:
            return
        self._minutes[news.symbol] = _Minute(news.candle, news.time_ms)
        if not news.candle.closed:
            self._changed[news.symbol] = news.candle

    def trade(self, tick: Tick) -> None:
        """One trade of a recording."""
        if tick.kind is not Kind.TRADE or tick.quantity is None or tick.time_ms is None:
            return
        if tick.symbol in self._minutes:
            return
        builder = self._builders.get(tick.symbol)
        if builder is None:
            builder = self._builders[tick.symbol] = MinuteBuilder()
        for candle in builder.trade(tick.time_ms, tick.numbers["price"], tick.quantity):
            if candle.closed:
                self._close(tick.symbol, candle)
            else:
                self._changed[tick.symbol] = candle

    async def run(self) -> None:
        """Tell and write, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tell(), name="candles")
            tasks.create_task(self.writer.run(), name="candle rows")

    def _close(self, symbol: str, candle: Candle) -> None:
        last = self._closed.get(symbol)
        if last is not None and candle.open_ms == last:
            return
        if last is not None and candle.open_ms > last + Interval.M1.ms:
            self._on_hole(symbol)
        self._closed[symbol] = max(candle.open_ms, last or 0)
        self.writer.note(symbol, candle)
        self._over.append((symbol, candle))
        if self._changed.get(symbol) is not None and self._changed[symbol].open_ms <= candle.open_ms:
            del self._changed[symbol]
        self._some_closed.set()

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
                await self._publisher.candles(CandleBatch(self._epoch, self._source, tuple(texts)))

    def _text(self, symbol: str, candle: Candle) -> CandleText:
        return CandleText(self._exchange, symbol, Interval.M1.value, candle.json())
