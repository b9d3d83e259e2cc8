"""Recorded Binance traffic, a file or a folder of files: what is in it, line by line, byte for byte.

Three forms of line are read (plain or gzip):
    {"recv_ns":<int>,"msg":{"stream":"btcusdt@trade","data":{..}}}     received at, nanoseconds
    {"recv_s":<float>,"msg":{"stream":..,"data":..}}                   received at, seconds
    {"stream":"btcusdt@ticker","data":{"e":"24hrTicker","E":<ms>,..}}  paced by its event time
Anything else, such as the recorder's own `event` lines, is skipped and counted. `exchanges/recorder` makes such files.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import cast

from market.exchanges.recorded import RECEIVED, lines, received_ns
from market.simulator.instrument import BY_SYMBOL, Instrument, named

COMBINED = re.compile(rb'\{"stream":\s*"([^"]+)",\s*"data":\s*(.*)\}', re.DOTALL)
EVENT_TIME = re.compile(rb'"E":\s*([0-9]+)')
PRICES = {
    "ticker": re.compile(rb'"c":\s*"([0-9.]+)"'),
    "miniTicker": re.compile(rb'"c":\s*"([0-9.]+)"'),
    "trade": re.compile(rb'"p":\s*"([0-9.]+)"'),
    "aggTrade": re.compile(rb'"p":\s*"([0-9.]+)"'),
    "bookTicker": re.compile(rb'"b":\s*"([0-9.]+)"'),
}
ARRAY_ROW = re.compile(rb'"s":\s*"([^"]+)",\s*"c":\s*"([0-9.]+)"')
PRICES_LOOKED_AT = 50  # per symbol, to find the tick size of one we do not know


@dataclass(frozen=True, slots=True)
class Record:
    """One recorded message: `combined` is its text as it came, `raw` the part of it under `data`."""

    at_ns: int
    stream: str
    combined: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Contents:
    """What a scan of all of it found; `prices` are the first ones of each symbol."""

    streams: tuple[str, ...]
    prices: dict[str, list[Decimal]]
    messages: int
    skipped: int
    seconds: float


class Recording:
    """Recorded traffic in `path`. Raises OSError when it cannot be read, ValueError when nothing in it plays."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def records(self) -> Iterator[Record]:
        """The messages in their order in the file, or in the files of the folder."""
        for line in lines(self.path):
            record = _record(line)
            if record is not None:
                yield record

    def streams(self) -> tuple[str, ...]:
        """Stream names, in the order in which they first appear."""
        return self.contents.streams

    def symbols(self) -> tuple[str, ...]:
        """Symbols, in the order in which they first appear."""
        return tuple(self.contents.prices)

    def instruments(self) -> tuple[Instrument, ...]:
        """The recorded symbols, starting at their first recorded price."""
        return tuple(_instrument(symbol, prices) for symbol, prices in self.contents.prices.items())

    @cached_property
    def contents(self) -> Contents:
        """One pass over all (about a third of a second for 170,000 messages)."""
        streams: dict[str, None] = {}
        prices: dict[str, list[Decimal]] = {}
        messages = skipped = first_ns = last_ns = 0
        for line in lines(self.path):
            record = _record(line)
            if record is None:
                skipped += 1
                continue
            messages += 1
            first_ns, last_ns = first_ns or record.at_ns, max(last_ns, record.at_ns)
            streams[record.stream] = None
            _note_prices(record, prices)
        if not messages:
            raise ValueError(f"{self.path}: no recorded message of a combined stream in it")
        return Contents(tuple(streams), prices, messages, skipped, (last_ns - first_ns) / 1e9)


def _record(line: bytes) -> Record | None:
    received = RECEIVED.fullmatch(line)
    message = received[3] if received else line.strip()
    combined = COMBINED.fullmatch(message)
    if combined is None:
        return None
    at_ns = received_ns(received[1], received[2]) if received else _event_ns(message)
    return None if at_ns is None else Record(at_ns, combined[1].decode(), message, combined[2])


def _event_ns(message: bytes) -> int | None:
    event = EVENT_TIME.search(message)
    return int(event[1]) * 1_000_000 if event else None


def _note_prices(record: Record, prices: dict[str, list[Decimal]]) -> None:
    name, _, kind = record.stream.partition("@")
    if kind == "arr":
        for symbol, price in ARRAY_ROW.findall(record.raw):
            _note(prices.setdefault(symbol.decode(), []), price)
        return
    noted = prices.setdefault(name.upper(), [])
    if kind in PRICES and len(noted) < PRICES_LOOKED_AT:
        price = PRICES[kind].search(record.raw)
        if price:
            _note(noted, price[1])


def _note(noted: list[Decimal], price: bytes) -> None:
    if len(noted) < PRICES_LOOKED_AT:
        noted.append(Decimal(price.decode()))


def _instrument(symbol: str, prices: list[Decimal]) -> Instrument:
    (usual,) = named((symbol,))
    positive = [price for price in prices if price > 0]
    if not positive:
        return usual
    if symbol in BY_SYMBOL:
        return replace(usual, price=positive[0], status="TRADING")
    finest = min(cast(int, price.normalize().as_tuple().exponent) for price in positive)
    return replace(usual, price=positive[0], tick=Decimal(1).scaleb(min(finest, 0)))
