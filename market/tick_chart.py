"""The ticks around an alert as points of a small SVG: numbers only, the template draws them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

WIDTH, HEIGHT, EDGE = 640, 160, 12


@dataclass(frozen=True, slots=True)
class TickPoint:
    """One tick: `price` as exact text, `time_ms` of the exchange, and where it lies in the drawing."""

    time_ms: int
    price: str
    x: str
    y: str


@dataclass(frozen=True, slots=True)
class TickChart:
    """`line` are the points of a polyline; `thresholds` the heights of the lines that were watched."""

    ticks: tuple[TickPoint, ...]
    line: str
    thresholds: tuple[str, ...]
    width: int = WIDTH
    height: int = HEIGHT


def draw(ticks: Iterable[Sequence[object]], thresholds: Iterable[Decimal]) -> TickChart | None:
    """Of `[time_ms, price text]`, oldest first, and prices to draw a line at. None where there is nothing to draw."""
    read = [(time_ms, price) for time_ms, price in map(_read, ticks) if price is not None]
    if not read:
        return None
    prices = [price for _, price in read]
    near = [threshold for threshold in thresholds if _is_near(threshold, prices)]
    low, high = min([*prices, *near]), max([*prices, *near])
    first, last = read[0][0], read[-1][0]
    points = []
    for time_ms, price in read:
        x = _place(Decimal(time_ms - first), Decimal(last - first), WIDTH)
        points.append(TickPoint(time_ms, f"{price:f}", x, _height(price, low, high)))
    line = " ".join(f"{point.x},{point.y}" for point in points)
    return TickChart(tuple(points), line, tuple(_height(threshold, low, high) for threshold in near))


def _read(tick: Sequence[object]) -> tuple[int, Decimal | None]:
    try:
        time_ms, price = tick
        return int(str(time_ms)), Decimal(str(price))
    except (ValueError, InvalidOperation):
        return 0, None  # of a row that somebody wrote by hand


def _is_near(threshold: Decimal, prices: Sequence[Decimal]) -> bool:
    """A line so far away that the prices would look flat beside it is left out."""
    low, high = min(prices), max(prices)
    room = max(high - low, high / 1000) * 3
    return low - room <= threshold <= high + room


def _height(price: Decimal, low: Decimal, high: Decimal) -> str:
    return _place(high - price, high - low, HEIGHT)


def _place(part: Decimal, whole: Decimal, length: int) -> str:
    """Where `part` of `whole` lies within the edges; in the middle where there is no whole."""
    share = part / whole if whole else Decimal("0.5")
    return f"{EDGE + share * (length - 2 * EDGE):.1f}"
