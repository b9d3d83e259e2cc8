"""Stored candles for clients, with the open one at their end. Threads and connections of our own."""

from collections.abc import Sequence
from dataclasses import dataclass

from market import history
from market.core.candle import Candle
from market.core.interval import MINUTE_MS, Interval
from market.core.line import NEVER
from market.history import Gap
from market.hub import Hub
from market.models import CandleSeries
from market.own_threads import OwnThreads

apart = OwnThreads(2, "candles")

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """Candles that open from `start_ms` on, before `end_ms`: the `limit` oldest; without a start the newest."""

    key: Key
    interval: Interval
    start_ms: int | None = None
    end_ms: int | None = None
    limit: int = 500

    def takes(self, candle: Candle) -> bool:
        after = self.start_ms is None or candle.open_ms >= self.start_ms
        return after and (self.end_ms is None or candle.open_ms < self.end_ms)


@dataclass(frozen=True, slots=True)
class Found:
    """Oldest first; the last one may be open. `gaps` never come; not `complete`: more is being loaded."""

    source: str
    candles: Sequence[Candle]
    gaps: Sequence[Gap]
    complete: bool


async def read_minutes(key: Key, source: str, start_ms: int, end_ms: int) -> list[Candle]:
    """Stored minutes from `start_ms` on, before `end_ms`, oldest first. Raises DatabaseError."""
    return await apart(_minutes, key, source, (start_ms, end_ms))


def _minutes(key: Key, source: str, span: tuple[int, int]) -> list[Candle]:
    start_ms, end_ms = span
    limit = max(1, (end_ms - start_ms) // MINUTE_MS)
    return list(history.read(*key, source, Interval.M1, start_ms=start_ms, end_ms=end_ms, limit=limit).candles)


def source_of(hub: Hub, key: Key) -> str:
    """Where the prices of a symbol come from now; empty where this process has not heard of any."""
    line = next(iter(hub.newer(frozenset({key}), NEVER)), None)
    return line.quote.source if line is not None else hub.state.source


def find(asked: Asked, source: str, now: Candle | None) -> Found:
    """Synchronous. `now` is the open candle, where it is known."""
    source = source or last_source(asked.key)
    exchange, symbol = asked.key
    found = history.read(
        exchange, symbol, source, asked.interval, start_ms=asked.start_ms, end_ms=asked.end_ms, limit=asked.limit
    )
    return Found(source, with_open(found.candles, now, asked), found.gaps, found.complete)


def version(asked: Asked, source: str) -> str:
    """Another text whenever stored candles of the symbol change. Synchronous; one query."""
    return history.latest_change(*asked.key, source or last_source(asked.key))


def last_source(key: Key) -> str:
    """That of the candles that were stored last, for a process that has heard of no price yet."""
    exchange, symbol = key
    newest = CandleSeries.objects.filter(exchange=exchange, symbol=symbol).order_by("-pk").first()
    return "" if newest is None else newest.source


def with_open(stored: Sequence[Candle], now: Candle | None, asked: Asked) -> list[Candle]:
    """The open candle as the last one, where it belongs to what was asked; in place of the stored part of itself."""
    candles = list(stored)
    if now is None or not asked.takes(now):
        return candles
    last = candles[-1] if candles else None
    if last is not None and (now.open_ms < last.open_ms or (now.open_ms == last.open_ms and last.closed)):
        return candles
    if last is not None and last.open_ms == now.open_ms:
        candles.pop()
    elif asked.start_ms is not None and len(candles) >= asked.limit:
        return candles
    return [*candles, now][-asked.limit :]
