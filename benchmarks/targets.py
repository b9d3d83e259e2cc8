"""What was promised, what was measured, and whether that is enough."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from statistics import median

from benchmarks.race import Entry, ratio

Pick = Callable[[Entry], list[float]]


@dataclass(frozen=True, slots=True)
class Target:
    """`value` must be at least (or, with `most`, at most) `bound`. Without a value: `why` it was not measured."""

    name: str
    value: float | None
    bound: float
    unit: str = ""
    most: bool = False
    why: str = ""

    @property
    def reached(self) -> bool | None:
        if self.value is None:
            return None
        return self.value <= self.bound if self.most else self.value >= self.bound

    @property
    def measured(self) -> str:
        return "-" if self.value is None else f"{_short(self.value)} {self.unit}".strip()

    @property
    def wanted(self) -> str:
        return f"{'≤' if self.most else '≥'} {_short(self.bound)} {self.unit}".strip()

    @property
    def verdict(self) -> str:
        if self.reached is None:
            return "not measured"
        return "reached" if self.reached else "NOT REACHED"


def _short(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"


# Deliveries with one symbol changing; updates with 16 changing together, where a frame of ours holds all of them.
RATIOS: tuple[tuple[str, str, str, Pick, float], ...] = (
    ("WebSocket / limit", "ws", "limit", attrgetter("deliveries"), 0.6),
    ("SSE / limit", "sse", "limit", attrgetter("deliveries"), 0.55),
    ("WebSocket / nchan", "ws", "nchan-ws", attrgetter("deliveries"), 2.8),
    ("SSE / nchan", "sse", "nchan-sse", attrgetter("deliveries"), 2.8),
    ("WebSocket / nchan, updates of 16 symbols", "ws", "nchan-ws", attrgetter("updates"), 2.8),
    ("SSE / nchan, updates of 16 symbols", "sse", "nchan-sse", attrgetter("updates"), 2.8),
    ("WebSocket / stock Channels (Redis, Daphne)", "ws", "channels-daphne", attrgetter("deliveries"), 40),
    ("WebSocket / stock Channels, updates of 16", "ws", "channels-daphne", attrgetter("updates"), 40),
    ("WebSocket / Channels in memory", "ws", "channels", attrgetter("deliveries"), 40),
    ("WebSocket / Channels in memory, updates of 16", "ws", "channels", attrgetter("updates"), 40),
    ("WebSocket / Channels over Redis", "ws", "channels-redis", attrgetter("deliveries"), 40),
    ("WebSocket / Channels over Redis, updates of 16", "ws", "channels-redis", attrgetter("updates"), 40),
)


def of_race(entries: Iterable[Entry]) -> list[Target]:
    """The promises that compare rows of the table."""
    by_key = {entry.contestant.key: entry for entry in entries}
    return [
        *(_ratio(name, by_key.get(mine), by_key.get(other), pick, bound) for name, mine, other, pick, bound in RATIOS),
        _latency("WebSocket, p99 at 70 %", by_key.get("ws")),
        _latency("SSE, p99 at 70 %", by_key.get("sse")),
    ]


def _ratio(name: str, mine: Entry | None, other: Entry | None, pick: Pick, bound: float) -> Target:
    if mine and other and mine.wide and other.wide:
        return Target(name, ratio(pick(mine), pick(other)), bound)
    return Target(name, None, bound, why="a row is missing")


def _latency(name: str, entry: Entry | None) -> Target:
    if entry and entry.loaded:
        return Target(name, median(result.count.p99_ms for result in entry.loaded), 15, "ms", most=True)
    return Target(name, None, 15, "ms", most=True, why="the row is missing")
