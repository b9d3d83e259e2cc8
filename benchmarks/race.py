"""All rows in one run: every server up at once, measured in turn, several short rounds each.

A disturbance from outside then hits one round of every row, not one row; medians and ratios within a round
leave it out.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.contestants import Contestant
from benchmarks.lane import Lane, Round
from benchmarks.program import DidNotStart
from benchmarks.readers import Connected, Readers
from benchmarks.server import Unavailable
from benchmarks.stage import SYMBOLS, Stage

LOAD = 0.7  # of saturation, while latency is measured
WATCHED = SYMBOLS[:16]  # as many as a new installation watches

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
    wide: list[Round] = field(default_factory=list)
    missing: str = ""

    @property
    def deliveries(self) -> list[float]:
        """Messages a second at saturation, one symbol changing, by round."""
        return [result.deliveries for result in self.saturated]

    @property
    def updates(self) -> list[float]:
        """Price updates a second at saturation, all symbols changing together, by round."""
        return [result.updates for result in self.wide]

    @property
    def connects_per_second(self) -> float:
        return self.connected.clients / self.connected.handshaken_s if self.connected else 0.0


def ratio(mine: Sequence[float], theirs: Sequence[float]) -> float:
    """Median over the rounds of one row's rate over that of the other in the same round."""
    return median(one / other for one, other in zip(mine, theirs, strict=True))


def enter(stage: Stage, contestant: Contestant) -> Entry:
    """Server started, clients connected; or the reason why not."""
    entry = Entry(contestant)
    before = len(stage.programs)
    try:
        entry.lane = Lane(stage, contestant, symbols=WATCHED)
        entry.lane.exchange.change(1)
        entry.lane.warm_up()
        entry.readers = entry.lane.readers(clients=stage.clients)
        entry.connected, entry.bytes_each = entry.lane.connect(entry.readers)
    except (Unavailable, DidNotStart) as reason:
        entry.missing = str(reason)
        stage.stop(*reversed(stage.programs[before:]))
    return entry


def measure(entry: Entry, pace: Pace) -> None:
    """One round at saturation, one at LOAD of what arrived in it, and one with all symbols changing together."""
    if entry.missing or entry.lane is None or entry.readers is None:
        return
    full = entry.lane.saturate(entry.readers, pace.seconds)
    entry.saturated.append(full)
    rate = LOAD * full.count.messages_per_second / entry.lane.stage.clients
    entry.loaded.append(entry.lane.at_rate(entry.readers, rate, pace.seconds))
    entry.lane.exchange.change(len(WATCHED))
    entry.wide.append(entry.lane.saturate(entry.readers, pace.seconds))
    entry.lane.exchange.change(1)
    entry.lane.drain()


def run(stage: Stage, contestants: Iterable[Contestant], pace: Pace, *, say: Say) -> list[Entry]:
    """Every row measured; ends all servers."""
    entries = []
    for contestant in contestants:
        say(f"start     {contestant.title}")
        entries.append(enter(stage, contestant))
    for number in range(pace.rounds):
        for entry in entries:
            say(f"round {number + 1}/{pace.rounds} {entry.contestant.title}")
            measure(entry, pace)
    stage.close()
    return entries
