"""Thousands of clients at once: what each costs the server, and how soon all have their snapshot."""

from benchmarks.contestants import named
from benchmarks.lane import Lane
from benchmarks.race import WATCHED
from benchmarks.stage import Stage
from benchmarks.targets import Target

CLIENTS = 5000
KB = 1000


def targets(stage: Stage, clients: int = CLIENTS) -> list[Target]:
    """For WebSocket and for SSE."""
    return [*_of(stage, "ws", 24, clients), *_of(stage, "sse", 15, clients)]


def _of(stage: Stage, key: str, most_kb: float, clients: int) -> list[Target]:
    row = named(key)
    lane = Lane(stage, row, symbols=WATCHED)
    try:
        lane.warm_up()
        readers = lane.readers(clients=clients, ready_updates=len(WATCHED))
        connected, bytes_each = lane.connect(readers)
    finally:
        lane.close()
    return [
        Target(f"{row.title}: {clients:,} clients with their snapshot", connected.ready_s, 5, "s", most=True),
        Target(f"{row.title}: memory of a connection", bytes_each / KB, most_kb, "kB", most=True),
    ]
