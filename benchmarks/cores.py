"""Which processor core the server under test gets, and which the rest."""

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cores:
    """Disjoint wherever the machine has two cores or more."""

    server: frozenset[int]
    others: frozenset[int]

    @property
    def readers(self) -> int:
        """Threads of the load generator: one core stays free for exchange, feed and Redis."""
        return max(1, min(4, len(self.others) - 1))


def choose() -> Cores:
    """The last core this process may use is the server's."""
    allowed = sorted(os.sched_getaffinity(0))
    server = frozenset(allowed[-1:])
    return Cores(server=server, others=frozenset(allowed) - server or server)
