"""One WebSocket server under everything that makes fan-out hard: wide frames, clients that all differ,
more changes than can be delivered, and readers that do not read.
"""

import random
import time
from dataclasses import dataclass
from statistics import median

from benchmarks import ours
from benchmarks.contestants import named
from benchmarks.lane import Lane, Round
from benchmarks.race import LOAD, Pace
from benchmarks.readers import Readers
from benchmarks.stage import SYMBOLS, Stage
from benchmarks.targets import Target

WATCHED = SYMBOLS[:64]
OF_EACH = 16  # symbols that a client follows
OVERLOAD = 10
OVERLOAD_SYMBOLS = 4  # more would overload the feed, not the fan-out
OVERLOAD_SECONDS = 4.0
STALLED = 50
STALLED_FILL_SECONDS = 2.0
MB = 1_000_000
SEED = 1


@dataclass(frozen=True, slots=True)
class Calm:
    """The others' p99 (ms) without and with stalled readers, and the memory these took (bytes)."""

    before_ms: float
    beside_ms: float
    grown: int


def targets(stage: Stage, pace: Pace) -> list[Target]:
    lane = Lane(stage, named("ws"), symbols=WATCHED)
    try:
        lane.warm_up()
        together = lane.readers(clients=stage.clients, paths=[ours.socket_path(WATCHED[:OF_EACH])])
        lane.connect(together)
        found = [*_wide_frames(lane, together, pace), *_stalled(lane, together, pace)]
        return [*found, _own_sets(lane, together, pace), _overload(lane)]
    finally:
        lane.close()


def _rounds(lane: Lane, readers: Readers, pace: Pace) -> list[Round]:
    return [lane.saturate(readers, pace.seconds) for _ in range(pace.rounds)]


def _wide_frames(lane: Lane, readers: Readers, pace: Pace) -> list[Target]:
    """All symbols of a client change together."""
    lane.exchange.change(OF_EACH)
    rounds = _rounds(lane, readers, pace)
    per_frame = median(result.count.updates / result.count.messages for result in rounds)
    return [
        Target("price updates/s, 16 symbols a client", median(result.updates for result in rounds), 1_000_000),
        Target("price updates in a frame of these", per_frame, 0.75 * OF_EACH),
    ]


def _overload(lane: Lane) -> Target:
    """OVERLOAD times as many changes as clients can be told of."""
    readers = lane.readers(clients=lane.stage.clients, paths=[ours.socket_path(WATCHED[:OVERLOAD_SYMBOLS])])
    lane.connect(readers)
    lane.exchange.change(OVERLOAD_SYMBOLS)
    rate = OVERLOAD * lane.saturate(readers, 1.0).deliveries / lane.stage.clients
    age_ms = lane.at_rate(readers, rate, OVERLOAD_SECONDS).count.age_ms
    return Target(f"oldest price of any client at {OVERLOAD}x overload", age_ms / 1000, 1, "s", most=True)


def _stalled(lane: Lane, readers: Readers, pace: Pace) -> list[Target]:
    """Turn about, with and without: what disturbs the machine disturbs both."""
    lane.exchange.change(OF_EACH)
    arrived = lane.saturate(readers, 1.0).count
    rate = LOAD * arrived.messages_per_second / arrived.open
    calms = [_beside_stalled(lane, readers, rate, pace.seconds) for _ in range(pace.rounds)]
    slower = median(calm.beside_ms for calm in calms) / median(calm.before_ms for calm in calms) - 1
    grown = max(calm.grown for calm in calms)
    return [
        Target(f"p99 of the others beside {STALLED} stalled readers", 100 * slower, 20, "% more", most=True),
        Target(f"memory of {STALLED} stalled readers", grown / MB, 25, "MB", most=True),
    ]


def _beside_stalled(lane: Lane, readers: Readers, rate: float, seconds: float) -> Calm:
    before = lane.at_rate(readers, rate, seconds).count.p99_ms
    memory = lane.server.program.rss()
    stalled = lane.readers(clients=STALLED, paths=[ours.socket_path(WATCHED[:OF_EACH])], stalled=STALLED)
    stalled.connect()
    lane.exchange.send_at(rate)
    time.sleep(STALLED_FILL_SECONDS)
    beside = lane.at_rate(readers, rate, seconds).count.p99_ms
    grown = lane.server.program.rss() - memory
    lane.stage.stop(stalled.program)
    return Calm(before, beside, grown)


def _own_sets(lane: Lane, together: Readers, pace: Pace) -> Target:
    """The cost of an update when each client follows symbols of its own, over that when all follow the same."""
    lane.exchange.change(len(WATCHED))
    same = median(result.updates for result in _rounds(lane, together, pace))
    lane.stage.stop(together.program)
    dice = random.Random(SEED)
    paths = [ours.socket_path(dice.sample(WATCHED, OF_EACH)) for _ in range(lane.stage.clients)]
    apart = lane.readers(clients=lane.stage.clients, paths=paths)
    lane.connect(apart)
    own = median(result.updates for result in _rounds(lane, apart, pace))
    lane.stage.stop(apart.program)
    return Target("cost of an update, own random 16 of 64 / common 16", same / own, 2, most=True)
