"""What was promised, what was measured, and whether that is enough."""

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.race import Entry, ratio


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
            return f"not measured: {self.why}"
        return "reached" if self.reached else "NOT REACHED"


def _short(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def of_race(entries: Iterable[Entry]) -> list[Target]:
    """The promises that compare rows of the table."""
    by_key = {entry.contestant.key: entry for entry in entries}
    wanted = (
        ("WebSocket / limit", "ws", "limit", 0.6),
        ("WebSocket / nchan", "ws", "nchan-ws", 2.8),
        ("WebSocket / stock Channels in memory", "ws", "channels", 40),
        ("WebSocket / stock Channels over Redis", "ws", "channels-redis", 40),
        ("SSE / limit", "sse", "limit", 0.55),
        ("SSE / nchan", "sse", "nchan-sse", 2.8),
    )
    targets = [_ratio(name, by_key.get(mine), by_key.get(other), bound) for name, mine, other, bound in wanted]
    return targets + [
        _latency(f"{name}, p99 at 70 %", by_key.get(key)) for name, key in (("WebSocket", "ws"), ("SSE", "sse"))
    ]


def _ratio(name: str, mine: Entry | None, other: Entry | None, bound: float) -> Target:
    if mine and other and mine.saturated and other.saturated:
        return Target(name, ratio(mine, other), bound)
    return Target(name, None, bound, why="a row is missing")


def _latency(name: str, entry: Entry | None) -> Target:
    if entry and entry.loaded:
        return Target(name, entry.median(lambda r: r.count.p99_ms), 15, "ms", most=True)
    return Target(name, None, 15, "ms", most=True, why="the row is missing")
