"""The picture of a hop: for each slot a bar from the median up to the 99th percentile, on one scale for all hops."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log10

from market.core.latency import SLOTS

WIDTH, HEIGHT = 300, 60  # units of the drawing, which is stretched to its place
LOWEST, HIGHEST = 100, 10_000_000  # µs at the bottom and at the top
MARKS = ("10 s", "1 s", "100 ms", "10 ms", "1 ms", "0.1 ms")  # from top to bottom, evenly apart
_STEP = WIDTH / SLOTS
_THINNEST = 1.5


@dataclass(frozen=True, slots=True)
class Picture:
    """Two paths of an SVG. Empty slots leave a gap."""

    ranges: str
    medians: str


def picture(points: Sequence[Sequence[int]]) -> Picture:
    """Of [count, p50, p99] (µs) of each slot, the oldest first; the last one stands at the right."""
    recent = points[-SLOTS:]
    first = SLOTS - len(recent)
    shown = [(first + place, p50, p99) for place, (count, p50, p99) in enumerate(recent) if count]
    return Picture(
        " ".join(_bar(place, p50, p99) for place, p50, p99 in shown),
        " ".join(f"M{_left(place)} {_number(height(p50))}h{_number(_STEP - 2)}" for place, p50, _ in shown),
    )


def grid() -> str:
    """A line at each of MARKS but the outer two."""
    steps = len(MARKS) - 1
    return " ".join(f"M0 {_number(HEIGHT * step / steps)}H{WIDTH}" for step in range(1, steps))


def height(micros: int) -> float:
    """Where a value stands, from 0 at the top to HEIGHT."""
    share = log10(min(max(micros, LOWEST), HIGHEST) / LOWEST) / log10(HIGHEST / LOWEST)
    return HEIGHT * (1 - share)


def _bar(place: int, p50: int, p99: int) -> str:
    top, bottom = height(p99), max(height(p50), height(p99) + _THINNEST)
    width = _number(_STEP - 2)
    return f"M{_left(place)} {_number(top)}h{width}V{_number(bottom)}h-{width}z"


def _left(place: int) -> str:
    return _number(place * _STEP + 1)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def duration(micros: int) -> str:
    """`0.42 ms`, `12.3 ms`, `1.20 s` with a space that does not break; – for nothing."""
    if micros < 0:
        return "–"
    if micros < 10_000:
        return f"{micros / 1000:.2f}\u202fms"
    if micros < 1_000_000:
        return f"{micros / 1000:.{1 if micros < 100_000 else 0}f}\u202fms"
    return f"{micros / 1_000_000:.2f}\u202fs"


def slots(points: Iterable[Sequence[Sequence[int]]]) -> list[list[str]]:
    """The same as text, the newest slot first: for each slot, of each hop, `median / 99th percentile`."""
    columns = [[f"{duration(p50)} / {duration(p99)}" if count else "–" for count, p50, p99 in each] for each in points]
    longest = max(map(len, columns), default=0)
    padded = [["–"] * (longest - len(column)) + column for column in columns]
    return [list(row) for row in zip(*padded, strict=True)][::-1]
