"""How far a price moved within a sliding window of exchange time."""

from collections import deque
from dataclasses import dataclass
from decimal import Decimal

from market.core.quote import Quote

# A day of ticks is not kept: of each part of a window only what could still become its highest or lowest.
PARTS = 1000
# After a restart the venue says again what was said this long ago, at most; older is another clock.
AGAIN_MS = 60_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A window as it is persisted: its extremes, and the time and trade up to which it was filled, since when."""

    source: str
    since_ms: int
    until_ms: int
    until_id: int | None
    highs: tuple[tuple[int, Decimal], ...]
    lows: tuple[tuple[int, Decimal], ...]

    def has(self, quote: Quote) -> bool:
        """Whether the quote is one of those that it was filled with."""
        if quote.time_ms != self.until_ms:
            return quote.time_ms < self.until_ms
        return quote.trade_id is not None and self.until_id is not None and quote.trade_id <= self.until_id


class Window:
    """The extremes of the last `window_ms`, exact prices, in at most about 2 x PARTS entries.

    Time is counted in parts of a thousandth of the window (1 ms up to a window of 1 s, which makes that exact): a
    price counts for at least `window_ms` and for less than one part longer. Times never fall.
    """

    __slots__ = (
        "_highs",
        "_kept",
        "_lows",
        "_moved",
        "_newest",
        "_part",
        "_part_ms",
        "_price",
        "_restored",
        "_since_ms",
        "length_ms",
    )

    def __init__(self, window_ms: int) -> None:
        self.length_ms = window_ms
        self._part_ms = part_ms(window_ms)
        self._highs: deque[tuple[int, Decimal]] = deque()  # falling
        self._lows: deque[tuple[int, Decimal]] = deque()  # rising
        self._part = -1
        self._price = self._moved = Decimal(0)
        self._newest: Quote | None = None
        self._kept: Quote | None = None  # the newest when it was persisted
        self._restored: Kept | None = None  # until the first quote that is newer
        self._since_ms = 0

    def __len__(self) -> int:
        return len(self._highs) + len(self._lows)

    def note_quote(self, quote: Quote) -> Decimal | None:
        """The same; None where the window held the quote before a restart already, and judged it."""
        if self._restored is not None and self._has(quote, self._restored):
            return None
        if self._newest is None and self._restored is None:
            self._since_ms = quote.time_ms
        self._newest, self._restored = quote, None
        return self.note(quote.time_ms, quote.numbers["price"])

    @property
    def is_kept(self) -> bool:
        """Whether nothing came since `keep`."""
        return self._newest is self._kept

    def keep(self) -> Kept | None:
        """What has to be persisted; None before the first price."""
        newest = self._kept = self._newest
        if newest is None:
            return None
        since_ms = max(self._since_ms, newest.time_ms - self.length_ms)
        highs, lows = tuple(self._highs), tuple(self._lows)
        return Kept(newest.source, since_ms, newest.time_ms, newest.trade_id, highs, lows)

    def restore(self, kept: Kept) -> None:
        """Go on from there, unless it has begun already."""
        if self._newest is None:
            self._restored, self._since_ms = kept, kept.since_ms
            self._highs, self._lows = deque(kept.highs), deque(kept.lows)

    def _has(self, quote: Quote, kept: Kept) -> bool:
        if kept.source == quote.source and quote.time_ms >= kept.until_ms - AGAIN_MS:
            return kept.has(quote)
        self._restored = None  # prices of another market, or another time: no move leads from those to these
        self._highs.clear()
        self._lows.clear()
        return False

    def note(self, time_ms: int, price: Decimal) -> Decimal:
        """Take a price; how far it is from the window's lowest or highest, whichever is more, in percent."""
        part = time_ms // self._part_ms
        if part != self._part or price != self._price:  # else nothing was said: the book changed, not the price
            self._part, self._price = part, price
            self._moved = self._take(part, price, oldest=(time_ms - self.length_ms) // self._part_ms)
        return self._moved

    def _take(self, part: int, price: Decimal, *, oldest: int) -> Decimal:
        highs, lows = self._highs, self._lows
        while highs and highs[-1][1] <= price:
            highs.pop()
        while lows and lows[-1][1] >= price:
            lows.pop()
        # What stands higher (lower) in the same part lives as long: this price can never be the extreme.
        if not highs or highs[-1][0] != part:
            highs.append((part, price))
        if not lows or lows[-1][0] != part:
            lows.append((part, price))
        while highs[0][0] < oldest:
            highs.popleft()
        while lows[0][0] < oldest:
            lows.popleft()
        return moved(price, low=lows[0][1], high=highs[0][1])


def part_ms(window_ms: int) -> int:
    """The step in which a window's time is counted."""
    return -(-window_ms // PARTS) or 1


def moved(price: Decimal, *, low: Decimal, high: Decimal) -> Decimal:
    """The way from `low` up to `price` or from `high` down to it, whichever is more percent of where it began."""
    rise, fall = price - low, high - price
    if rise * high >= fall * low:
        return rise * 100 / low
    return fall * 100 / high
