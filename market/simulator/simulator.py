"""The simulated exchange as one object: a server on a socket, a market behind it, and its faults."""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from market.simulator import instrument
from market.simulator.audience import Audience
from market.simulator.connection import Connection
from market.simulator.faults import Faults
from market.simulator.gate import QUIET, Gate
from market.simulator.malformed import MALFORMED
from market.simulator.market import Market
from market.simulator.recording import Recording
from market.simulator.replay import Replay
from market.simulator.rest import Rest
from market.simulator.settle import settle
from market.simulator.trading import Trading
from market.simulator.watch import Farewell, Terms, Watch

LOG = logging.getLogger("market.simulator")
REMEMBERED = 100_000  # control messages kept in `received`, REST calls in `asked`


def wall_clock_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Simulator:
    """An exchange that speaks Binance's WebSocket and REST protocol; use as an async context manager.

        async with Simulator(seed=1, symbols=("BTCUSDT",), rate=50) as exchange:
            exchange.stream_url, exchange.rest_url

    `symbols` is how many, or which ones (all 20 known ones when left out). `rate` is tickers a second for
    each symbol, with `trades` trades and book changes per ticker; rate 0 keeps prices still until
    `set_price`. With `replay` a recording (a file, or a folder of them) is played instead, at `speed` times its pace,
    again and again with `loop`. `port` 0 picks a free one. `clock` is the exchange's time in ms since 1970.
    Prices begin at those of `instrument`; with `anchor_ms`, a time, they had those then, and one run goes on where time
    has come to since another.

    Tests read `connections`, `connects` (monotonic time of each handshake), `received` (monotonic time and
    text of each request), `asked` (time and path of each REST call) and change `faults` and `trading.rate` at any
    time.
    Raises OSError for a busy port or an unreadable recording, ValueError for symbols or a recording that
    cannot be.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        symbols: int | Iterable[str] | None = None,
        rate: float = 1.0,
        trades: int = 5,
        host: str = "127.0.0.1",
        port: int = 0,
        replay: Recording | str | Path | None = None,
        speed: float = 1.0,
        loop: bool = False,
        terms: Terms | None = None,
        faults: Faults | None = None,
        clock: Callable[[], int] = wall_clock_ms,
        anchor_ms: int | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.faults = faults or Faults()
        self.connections: set[Connection] = set()
        self.connects: list[float] = []
        self.received: deque[tuple[float, str]] = deque(maxlen=REMEMBERED)
        self.asked: deque[tuple[float, str]] = deque(maxlen=REMEMBERED)
        self.audience = Audience(self.faults)
        self.replay = self._replay(replay, speed=speed, loop=loop)
        instruments = self.replay.recording.instruments() if self.replay else _instruments(symbols)
        self.market = Market(
            instruments,
            seed=seed,
            trades=trades,
            audience=self.audience,
            faults=self.faults,
            clock=clock,
            anchor_ms=anchor_ms,
        )
        self.trading = Trading(self.market, self.audience, faults=self.faults, rate=rate)
        self._guard(terms or Terms())
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: Server | None = None

    def _replay(self, source: Recording | str | Path | None, *, speed: float, loop: bool) -> Replay | None:
        if source is None:
            return None
        recording = source if isinstance(source, Recording) else Recording(source)
        return Replay(
            recording,
            audience=self.audience,
            faults=self.faults,
            speed=speed,
            loop=loop,
        )

    def _guard(self, terms: Terms) -> None:
        rest = Rest(self.market, faults=self.faults, refresh=self._catch_up)
        self._gate = Gate(
            rest, faults=self.faults, connects=self.connects, asked=self.asked, error_shape=terms.error_shape
        )
        self._watch = Watch(
            self.connections,
            terms=terms,
            faults=self.faults,
            end=self.end,
            tell_shutdown=self.tell_shutdown,
        )

    @property
    def stream_url(self) -> str:
        return f"ws://{self.host}:{self.port}"

    @property
    def rest_url(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen and trade. Raises OSError when the port is busy."""
        self._server = await serve(
            self._converse,
            self.host,
            self.port,
            process_request=self._gate.admit,
            compression=None,
            ping_interval=None,
            open_timeout=60,
            close_timeout=1,
            server_header="nginx",
            logger=QUIET,
            create_connection=Connection,
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._start_task(self.replay.run() if self.replay else self.trading.run())
        self._start_task(self._watch.run())

    async def stop(self) -> None:
        """Close every connection with 1001, cut those that cannot answer, and free the port."""
        tasks, self._tasks = self._tasks, set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for connection in tuple(self._gate.present):
            if connection.frozen or connection not in self.connections:
                connection.transport.abort()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def subscriptions(self) -> set[str]:
        """All streams somebody listens to now."""
        return set(self.audience.streams)

    def set_price(self, symbol: str, price: Decimal) -> None:
        """One trade at exactly `price`, told at once on all its streams. Raises KeyError, ValueError."""
        self.market.set_price(symbol, price)
        self.market.finish_round()
        self.audience.flush()

    async def emit(self, stream: str, payload: str) -> None:
        """Send `payload` (JSON text) as the data of `stream` to those who listen to it."""
        self.audience.publish(stream, payload)
        self.audience.flush()

    def burst(self, symbol: str, count: int) -> None:
        """`count` updates of one symbol at once."""
        self.market.burst(symbol, count)
        self.audience.flush()

    def malform(self, kind: str) -> None:
        """One malformed frame, a key of `malformed.MALFORMED`, to every subscriber."""
        self.audience.send_to_all(MALFORMED[kind])
        self.audience.flush()

    def freeze(self) -> None:
        """Make the present connections half-open for good; new ones are served."""
        for connection in self.connections:
            connection.freeze()

    def shutdown(self, *, grace: float = 5.0) -> None:
        """Tell every connection `serverShutdown` and close it `grace` seconds later."""
        for connection in tuple(self.connections):
            self.tell_shutdown(connection, grace)

    def tell_shutdown(self, connection: Connection, grace: float) -> None:
        """The event nobody subscribes to; raw and combined connections get their own shape."""
        connection.ends_at = time.monotonic() + grace
        event = f'{{"e":"serverShutdown","E":{self.market.now()}}}'
        if connection.session.combined:
            event = f'{{"stream":"!serverShutdown","data":{event}}}'
        self.audience.send_to(connection, event)
        self.audience.flush()

    def close_all(self, *, code: int = 1001, reason: str = "") -> None:
        """End every present connection; code 0 cuts TCP without a close frame."""
        for connection in tuple(self.connections):
            self.end(connection, Farewell(code, reason))

    def end(self, connection: Connection, farewell: Farewell) -> None:
        """End one connection, without waiting for its answer."""
        connection.ending = True
        if farewell.code == 0:
            connection.transport.abort()
        else:
            self._start_task(connection.close(farewell.code, farewell.reason))

    async def _converse(self, connection: ServerConnection) -> None:
        """One connection from its handshake to its end."""
        assert isinstance(connection, Connection)
        if self.faults.accept_then_close is not None:
            self.end(connection, Farewell(self.faults.accept_then_close))
            await connection.wait_closed()
            return
        self.connections.add(connection)
        self.audience.join(connection, tuple(connection.session.streams))
        try:
            # A client may vanish at any moment: for an exchange that is the usual end, not an error.
            with contextlib.suppress(ConnectionClosed):
                async for message in connection:
                    self._answer(connection, message)
        finally:
            self.audience.leave(connection, tuple(connection.session.streams))
            self.connections.discard(connection)

    def _answer(self, connection: Connection, message: str | bytes) -> None:
        self.received.append((time.monotonic(), message if isinstance(message, str) else repr(message)))
        reply = connection.session.answer(message)
        self.audience.send_to(connection, reply.text)
        self.audience.join(connection, reply.added)
        self.audience.leave(connection, reply.removed)
        self.audience.flush()

    def _catch_up(self) -> None:
        """Bring the recorded symbols up to what was played so far."""
        for stream, payload in (self.replay.latest if self.replay else {}).items():
            name, _, kind = stream.partition("@")
            if name.upper() in self.market.listings:
                settle(self.market.listings[name.upper()].walk, kind, payload)

    def _start_task(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        """Nobody awaits these tasks, so what ends one unexpectedly is said here."""
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            LOG.error("a task of the exchange simulator failed", exc_info=task.exception())


def _instruments(symbols: int | Iterable[str] | None) -> tuple[instrument.Instrument, ...]:
    match symbols:
        case None:
            return instrument.KNOWN
        case int():
            return instrument.listed(symbols)
        case _:
            return instrument.named(symbols)
