"""What the exchange does to a connection as time passes: pings, the limits, the 24 h, and faults."""

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from market.simulator.connection import Connection
from market.simulator.faults import Faults


@dataclass(frozen=True, slots=True)
class Terms:
    """Binance's terms, in seconds: a ping every 20, a minute for the pong, a day for the connection.

    `error_shape` is `nested` as really seen, or `flat` as documented.
    """

    ping_interval: float = 20.0
    pong_timeout: float = 60.0
    lifetime: float = 86_400.0
    error_shape: str = "nested"


@dataclass(frozen=True, slots=True)
class Farewell:
    """How a connection ends; code 0 cuts TCP without a close frame."""

    code: int
    reason: str = ""


class Watch:
    """Looks at every connection some times a second. `end` and `tell_shutdown` are what it can do to one."""

    def __init__(
        self,
        connections: Collection[Connection],
        *,
        terms: Terms,
        faults: Faults,
        end: Callable[[Connection, Farewell], None],
        tell_shutdown: Callable[[Connection, float], None],
    ) -> None:
        self._connections = connections
        self._terms = terms
        self._faults = faults
        self._end = end
        self._tell_shutdown = tell_shutdown
        self._half_open = False

    async def run(self, *, interval: float = 0.02) -> None:
        """Watch until cancelled."""
        while True:
            self.look(time.monotonic())
            await asyncio.sleep(interval)

    def look(self, now: float) -> None:
        """One round over all connections."""
        self._freeze_or_thaw()
        for connection in tuple(self._connections):
            if connection.ending or connection.frozen:
                continue
            farewell = self._farewell(connection, now)
            if farewell:
                self._end(connection, farewell)
            elif self._shutdown_due(connection, now):
                self._tell_shutdown(connection, self._faults.shutdown_grace)
            elif now - connection.pinged >= self._terms.ping_interval:
                connection.send_ping(now)

    def _freeze_or_thaw(self) -> None:
        if self._faults.half_open == self._half_open:
            return
        self._half_open = self._faults.half_open
        for connection in self._connections:
            if self._half_open:
                connection.freeze()
            else:
                connection.thaw()

    def _farewell(self, connection: Connection, now: float) -> Farewell | None:
        age = now - connection.opened
        if connection.flooding:
            return Farewell(1008, "Too many requests")
        if connection.unanswered and now - connection.unanswered >= self._terms.pong_timeout:
            return Farewell(1008, "Pong timeout")
        if connection.ends_at is not None and now >= connection.ends_at:
            return Farewell(1001)
        if self._faults.close_after is not None and age >= self._faults.close_after:
            return Farewell(self._faults.close_code)
        return Farewell(1001) if age >= self._terms.lifetime else None

    def _shutdown_due(self, connection: Connection, now: float) -> bool:
        due = self._faults.shutdown
        return due is not None and connection.ends_at is None and now - connection.opened >= due
