"""How far a price moved within a sliding window of exchange time."""

from collections import deque
from decimal import Decimal

from market.core.quote import Quote

# A day of ticks is not kept: of each part of a window only what could still become its highest or lowest.
PARTS = 1000


class Window:
    """The extremes of the last `window_ms`, exact prices, in at most about 2 x PARTS entries.

    Time is counted in parts of a thousandth of the window (1 ms up to a window of 1 s, which makes that exact): a
    price counts for at least `window_ms` and for less than one part longer. Times never fall.
    """

    __slots__ = ("_highs", "_lows", "_moved", "_part", "_part_ms", "_price", "_window_ms")

    def __init__(self, window_ms: int) -> None:
        self._window_ms = window_ms
        self._part_ms = part_ms(window_ms)
        self._highs: deque[tuple[int, Decimal]] = deque()  # falling
        self._lows: deque[tuple[int, Decimal]] = deque()  # rising
        self._part = -1
        self._price = self._moved = Decimal(0)

    def __len__(self) -> int:
        return len(self._highs) + len(self._lows)

    def note_quote(self, quote: Quote) -> Decimal:
        return self.note(quote.time_ms, quote.numbers["price"])

    def note(self, time_ms: int, price: Decimal) -> Decimal:
        """Take a price; how far it is from the window's lowest or highest, whichever is more, in percent."""
        part = time_ms // self._part_ms
        if part != self._part or price != self._price:  # else nothing was said: the book changed, not the price
            self._part, self._price = part, price
            self._moved = self._take(part, price, oldest=(time_ms - self._window_ms) // self._part_ms)
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
