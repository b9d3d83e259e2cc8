"""Ticks of one symbol out of a recording (`runfeed --record`), as the quotes that a feed would judge."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from market.core.candle import VenueCandle
from market.core.merge import Merger
from market.core.quote import Quote
from market.core.tick import Tick
from market.exchanges import EXCHANGES
from market.exchanges.base import Control, Exchange, NotAQuote
from market.exchanges.recorded import RECEIVED, files_of, lines

MOST_BYTES = 8 * 2**20  # compressed: the newest files, and at least one
LOOK_EVERY = 500  # lines between looks at the clock
GENUINE = "binance"
HOSTS = (b"binance.com", b"binance.vision")
CONNECT = b'"event":"connect"'


def recorded_quotes(
    folder: Path, exchange: str, symbol: str, *, source: str, in_time: Callable[[], bool]
) -> Iterator[Quote]:
    """Every change of its quote in the newest files, oldest first, until the time is over; nothing without a recording.

    Connections to another source, the exchange itself or a simulator, and what is damaged are left out. OSError for
    what cannot be read.
    """
    venue, merger = EXCHANGES[exchange], Merger(exchange, source)
    for frame in _frames(folder, json.dumps(symbol, ensure_ascii=False).encode(), source, in_time):
        for tick in _ticks(venue, frame):
            if tick.symbol == symbol and (quote := merger.apply(tick)) is not None:
                yield quote


def _frames(folder: Path, needle: bytes, source: str, in_time: Callable[[], bool]) -> Iterator[bytes]:
    """Those that name the symbol: most lines are of others, and are not read any further."""
    is_meant = True
    for file in _newest(folder):
        for number, line in enumerate(lines(file)):
            if number % LOOK_EVERY == 0 and not in_time():
                return
            if CONNECT in line:
                is_meant = any(host in line for host in HOSTS) is (source == GENUINE)
            elif is_meant and needle in line and (match := RECEIVED.fullmatch(line)):
                yield match[3]


def _ticks(venue: Exchange, frame: bytes) -> list[Tick]:
    try:
        heard = venue.read(frame)
    except NotAQuote as exc:
        return list(exc.ticks)
    return [] if isinstance(heard, Control | VenueCandle) else heard


def _newest(folder: Path) -> list[Path]:
    """In the order of their times."""
    try:
        files = files_of(folder) if folder.is_dir() else []
    except ValueError:  # nothing is recorded in it yet
        files = []
    chosen: list[Path] = []
    size = 0
    for file in reversed(files):
        size += file.stat().st_size
        if chosen and size > MOST_BYTES:
            break
        chosen.insert(0, file)
    return chosen
