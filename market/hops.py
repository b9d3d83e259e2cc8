"""What a process measures of itself: its hops, its counters, and the report that tells others of them."""

import os
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from market.core.hop import Hop
from market.core.latency import Latency, Spread
from market.core.messages import ProcessReport
from market.core.rates import Rates

# Differs between machines and is the same in all containers of one, as their clock is.
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def machine_name() -> str:
    try:
        return _BOOT.read_text().strip()
    except OSError:  # not Linux
        return socket.gethostname()


class Hops:
    """One process's. `counts` gives its counters since the start, `levels` what goes up and down.

    `clock` is monotonic seconds.
    """

    def __init__(
        self,
        role: str,
        names: Iterable[Hop],
        *,
        counts: Callable[[], Mapping[str, int]],
        levels: Callable[[], Mapping[str, int]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        now = clock()
        self.role = role
        self.latencies = {name: Latency(now) for name in names}
        self.counts = counts
        self.levels = levels
        self._clock = clock
        self._rates = Rates()
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self.machine = machine_name()
        self._started_ms = time.time_ns() // 1_000_000

    def __getitem__(self, name: Hop) -> Latency:
        return self.latencies[name]

    def record(self, name: Hop, micros: int) -> None:
        """It took this long, just now."""
        self.latencies[name].record(micros, self._clock())

    def report(self, *, clock: list[int] | None = None) -> ProcessReport:
        """As of now. `clock` is what is known of the exchange's."""
        now, counts = self._clock(), dict(self.counts())
        return ProcessReport(
            self.role,
            self.name,
            self.machine,
            self._started_ms,
            counts,
            self._rates.note(counts, now),
            dict(self.levels()),
            {name.value: _row(hop.spread(now)) for name, hop in self.latencies.items()},
            {name.value: [_row(point) for point in hop.points(now)] for name, hop in self.latencies.items()},
            clock,
        )


def _row(spread: Spread) -> list[int]:
    return [spread.count, spread.p50, spread.p99]
