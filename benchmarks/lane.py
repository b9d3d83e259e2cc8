"""One server under test, ready to be measured: its exchange, itself, its clients."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.contestants import Contestant
from benchmarks.exchange import Exchange
from benchmarks.program import DidNotStart
from benchmarks.readers import Connected, Count, Readers
from benchmarks.server import Server
from benchmarks.stage import SYMBOLS, Stage

WARM_UP_CLIENTS = 20
SETTLE_SECONDS = 0.4
WARM_UP_BURSTS_PER_SECOND = 20.0
FOLLOWING_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Round:
    """One measurement: what arrived, and the share of its core that the server used."""

    count: Count
    core: float


class Lane:
    """Starts exchange and server, and waits until the server follows the exchange."""

    def __init__(
        self, stage: Stage, contestant: Contestant, *, symbols: Sequence[str] = SYMBOLS[:1], per_burst: int = 1
    ) -> None:
        self.stage = stage
        self.contestant = contestant
        self._before = len(stage.programs)
        self.exchange = Exchange(stage, symbols=symbols, per_burst=per_burst)
        self.server: Server = contestant.launch(stage, self.exchange)
        self._wait_following()

    def _wait_following(self) -> None:
        deadline = time.monotonic() + FOLLOWING_SECONDS
        while not self.exchange.connections():
            if time.monotonic() > deadline:
                raise DidNotStart("does not connect to the exchange")
            time.sleep(0.05)

    def readers(self, *, clients: int, paths: Sequence[str] = (), ready_updates: int = 0, stalled: int = 0) -> Readers:
        return Readers(
            self.stage,
            port=self.server.port,
            paths=paths or [self.contestant.path],
            clients=clients,
            sse=self.contestant.sse,
            exchange=self.exchange if not stalled else None,
            ready_updates=ready_updates,
            stalled=stalled,
        )

    def warm_up(self) -> None:
        """A few clients come, get prices and go, so that what a server loads once is not counted per client."""
        readers = self.readers(clients=WARM_UP_CLIENTS)
        readers.connect()
        self.exchange.send_at(WARM_UP_BURSTS_PER_SECOND)
        time.sleep(SETTLE_SECONDS)
        self.rest()
        self.stage.stop(readers.program)

    def connect(self, readers: Readers) -> tuple[Connected, float]:
        """All clients, and the memory each costs the server (bytes) once each has got some prices."""
        before = self.server.program.rss()
        connected = readers.connect()
        self.exchange.send_at(WARM_UP_BURSTS_PER_SECOND)
        time.sleep(SETTLE_SECONDS)
        self.rest()
        time.sleep(SETTLE_SECONDS)
        return connected, (self.server.program.rss() - before) / connected.clients

    def saturate(self, readers: Readers, seconds: float) -> Round:
        """As many as the server can deliver."""
        self.exchange.send_all_that_arrives()
        return self._measure(readers, seconds)

    def at_rate(self, readers: Readers, bursts_per_second: float, seconds: float) -> Round:
        self.exchange.send_at(bursts_per_second)
        return self._measure(readers, seconds)

    def _measure(self, readers: Readers, seconds: float) -> Round:
        time.sleep(SETTLE_SECONDS)
        readers.reset()
        began, used = time.monotonic(), self.server.program.cpu_seconds()
        time.sleep(seconds)
        count = readers.count()
        core = (self.server.program.cpu_seconds() - used) / (time.monotonic() - began)
        self.rest()
        return Round(count, core)

    def rest(self) -> None:
        self.exchange.send_at(self.contestant.idle_rate)

    def close(self) -> None:
        """Ends everything that this lane started."""
        self.stage.stop(*reversed(self.stage.programs[self._before :]))
