"""All rows in one run: every server up at once, measured in turn, several short rounds each.

A disturbance from outside then hits one round of every row, not one row; medians and ratios within a round
leave it out.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median

from benchmarks.contestants import Contestant
from benchmarks.lane import Lane, Round
from benchmarks.program import DidNotStart
from benchmarks.readers import Connected, Readers
from benchmarks.server import Unavailable
from benchmarks.stage import Stage

LOAD = 0.7  # of saturation, while latency is measured

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Pace:
    rounds: int
    seconds: float


@dataclass(slots=True)
class Entry:
    """One row while it is measured. `missing`: why there are no numbers."""

    contestant: Contestant
    lane: Lane | None = None
    readers: Readers | None = None
    connected: Connected | None = None
    bytes_each: float = 0.0
    saturated: list[Round] = field(default_factory=list)
    loaded: list[Round] = field(default_factory=list)
    missing: str = ""

    @property
    def deliveries(self) -> list[float]:
        """Messages a second at saturation, by round."""
        return [result.deliveries for result in self.saturated]

    @property
    def connects_per_second(self) -> float:
        return self.connected.clients / self.connected.handshaken_s if self.connected else 0.0

    def median(self, pick: Callable[[Round], float], *, loaded: bool = True) -> float:
        return median(pick(result) for result in (self.loaded if loaded else self.saturated))


def ratio(entry: Entry, other: Entry) -> float:
    """Median over the rounds of entry's deliveries over those of the other in the same round."""
    pairs = zip(entry.deliveries, other.deliveries, strict=False)
    return median(mine / theirs for mine, theirs in pairs)


def enter(stage: Stage, contestant: Contestant) -> Entry:
    """Server started, clients connected; or the reason why not."""
    entry = Entry(contestant)
    before = len(stage.programs)
    try:
        entry.lane = Lane(stage, contestant)
        entry.lane.warm_up()
        entry.readers = entry.lane.readers(clients=stage.clients)
        entry.connected, entry.bytes_each = entry.lane.connect(entry.readers)
    except (Unavailable, DidNotStart) as reason:
        entry.missing = str(reason)
        stage.stop(*reversed(stage.programs[before:]))
    return entry


def saturate(entry: Entry, pace: Pace) -> None:
    if entry.lane and entry.readers and not entry.missing:
        entry.saturated.append(entry.lane.saturate(entry.readers, pace.seconds))


def load(entry: Entry, pace: Pace) -> None:
    """A round at LOAD of what this row can deliver."""
    if entry.lane and entry.readers and entry.saturated:
        arrived = median(result.count.messages_per_second for result in entry.saturated)
        rate = LOAD * arrived / entry.lane.stage.clients
        entry.loaded.append(entry.lane.at_rate(entry.readers, rate, pace.seconds))


def run(stage: Stage, contestants: Iterable[Contestant], pace: Pace, *, say: Say) -> list[Entry]:
    """Every row measured; ends all servers."""
    entries = []
    for contestant in contestants:
        say(f"start     {contestant.title}")
        entries.append(enter(stage, contestant))
    for measure in (saturate, load):
        for number in range(pace.rounds):
            for entry in entries:
                say(f"{measure.__name__:9} round {number + 1}/{pace.rounds}: {entry.contestant.title}")
                measure(entry, pace)
    stage.close()
    return entries
