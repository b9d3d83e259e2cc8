"""One server under test, ready to be measured: its exchange, itself, its clients."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.contestants import Contestant
from benchmarks.exchange import Exchange
from benchmarks.program import DidNotStart
from benchmarks.readers import Connected, Count, Readers
from benchmarks.server import Server
from benchmarks.stage import Stage

WARM_UP_CLIENTS = 20
# A server counts as idle when it uses this share of its core, and has this long to get there (seconds).
IDLE_SHARE, LOOK_SECONDS, DRAIN_SECONDS = 0.15, 0.2, 10.0
SETTLE_SECONDS = 0.4
WARM_UP_BURSTS_PER_SECOND = 20.0
FOLLOWING_SECONDS = 20.0
# Bursts on their way at saturation: a server that merges would spend its time on merging more.
WINDOW, WINDOW_OF_MERGING = 64, 8
# A feed that hears nothing reconnects.
IDLE_BURSTS_PER_SECOND = 0.5


@dataclass(frozen=True, slots=True)
class Round:
    """One measurement: what arrived, the share of its core that the server used, and waited for in vain."""

    count: Count
    core: float
    waited: float

    @property
    def deliveries(self) -> float:
        """Messages a second, had nobody else used the server's core."""
        return self.count.messages_per_second * self._undisturbed

    @property
    def updates(self) -> float:
        """The same for price updates, of which a message holds one or more."""
        return self.count.updates_per_second * self._undisturbed

    @property
    def _undisturbed(self) -> float:
        return 1 + self.waited / self.core


class Lane:
    """Starts exchange and server, and waits until the server follows the exchange."""

    def __init__(self, stage: Stage, contestant: Contestant, *, symbols: Sequence[str]) -> None:
        self.stage = stage
        self.contestant = contestant
        self._before = len(stage.programs)
        self.exchange = Exchange(stage, symbols=symbols)
        self.server: Server = contestant.launch(stage, self.exchange)
        self._wait_following()

    def _wait_following(self) -> None:
        deadline = time.monotonic() + FOLLOWING_SECONDS
        while not self.exchange.connections():
            if time.monotonic() > deadline:
                raise DidNotStart("does not connect to the exchange")
            time.sleep(0.05)
        self._send_some()

    def _send_some(self) -> None:
        """A few prices, then rest: nobody's first client finds an empty market."""
        self.exchange.send_at(WARM_UP_BURSTS_PER_SECOND)
        time.sleep(SETTLE_SECONDS)
        self.rest()

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
        self._send_some()
        self.stage.stop(readers.program)

    def connect(self, readers: Readers) -> tuple[Connected, float]:
        """All clients, and the memory each costs the server (bytes) once each has got some prices."""
        before = self.server.program.rss()
        connected = readers.connect()
        self._send_some()
        time.sleep(SETTLE_SECONDS)
        return connected, (self.server.program.rss() - before) / connected.clients

    def saturate(self, readers: Readers, seconds: float) -> Round:
        """As many as the server can deliver."""
        self.exchange.send_all_that_arrives(WINDOW_OF_MERGING if self.contestant.merges else WINDOW)
        return self._measure(readers, seconds)

    def at_rate(self, readers: Readers, bursts_per_second: float, seconds: float) -> Round:
        self.exchange.send_at(bursts_per_second)
        return self._measure(readers, seconds)

    def _measure(self, readers: Readers, seconds: float) -> Round:
        time.sleep(SETTLE_SECONDS)
        readers.reset()
        program = self.server.program
        began, used, waited = time.monotonic(), program.cpu_seconds(), program.waited_seconds()
        time.sleep(seconds)
        count = readers.count()
        lasted = time.monotonic() - began
        used, waited = program.cpu_seconds() - used, program.waited_seconds() - waited
        self.rest()
        return Round(count, used / lasted, waited / lasted)

    def rest(self) -> None:
        self.exchange.send_at(IDLE_BURSTS_PER_SECOND if self.contestant.merges else 0)

    def drain(self) -> None:
        """Until the server has dealt with its backlog: it would take the core from the row that comes next."""
        program, end = self.server.program, time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < end:
            used = program.cpu_seconds()
            time.sleep(LOOK_SECONDS)
            if program.cpu_seconds() - used <= IDLE_SHARE * LOOK_SECONDS:
                return

    def close(self) -> None:
        """Ends everything that this lane started."""
        self.stage.stop(*reversed(self.stage.programs[self._before :]))
