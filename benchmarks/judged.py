"""The price path with all alert rules and without any, side by side: what rules cost whoever waits for a price."""

from functools import partial
from statistics import median

from benchmarks import ours
from benchmarks.contestants import Contestant
from benchmarks.exchange import Exchange
from benchmarks.lane import Lane
from benchmarks.program import DidNotStart
from benchmarks.race import Pace
from benchmarks.readers import Readers
from benchmarks.server import Server
from benchmarks.stage import SYMBOLS, Stage
from benchmarks.targets import Target

RULES = 100_000
WATCHED = SYMBOLS[:500]
CLIENTS = 100
CHANGING = 5  # symbols in a burst
BURSTS_PER_SECOND = 200.0
ROUNDS = 21  # at least: a p99 wavers more than a rate
NAME = "alerts: p99 of prices with 100,000 rules / without"


def launch(stage: Stage, exchange: Exchange, *, rules: int) -> Server:
    return ours.launch(stage, exchange, rules=rules)


def targets(stage: Stage, pace: Pace) -> list[Target]:
    lanes = [_lane(stage, rules) for rules in (0, RULES)]
    readers = [_readers(lane) for lane in lanes]
    rounds = max(ROUNDS, pace.rounds)
    turns = [_turn(lanes, readers, pace, backwards=bool(number % 2)) for number in range(rounds)]
    ratios = [judged / without for without, judged in turns]
    return [Target(NAME, median(ratios), 1.1, most=True)]


def _turn(lanes: list[Lane], readers: list[Readers], pace: Pace, *, backwards: bool) -> list[float]:
    """The p99 of each, measured one after the other: every other time the last one first."""
    p99_ms = [0.0] * len(lanes)
    for at in sorted(range(len(lanes)), reverse=backwards):
        count = lanes[at].at_rate(readers[at], BURSTS_PER_SECOND, pace.seconds).count
        if not count.messages:
            raise DidNotStart("no price arrived")
        p99_ms[at] = count.p99_ms
    return p99_ms


def _lane(stage: Stage, rules: int) -> Lane:
    row = Contestant(f"ws-{rules}", f"{rules:,} rules", "/ws/prices", partial(launch, rules=rules), merges=True)
    lane = Lane(stage, row, symbols=WATCHED)
    lane.exchange.change(len(WATCHED))
    lane.warm_up()  # the first tick of every symbol is compared with all of its rules
    lane.exchange.change(CHANGING)
    return lane


def _readers(lane: Lane) -> Readers:
    readers = lane.readers(clients=CLIENTS)
    lane.connect(readers)
    return readers
