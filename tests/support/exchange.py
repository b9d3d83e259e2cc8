"""An exchange that does what its script says, over a real socket on a free port."""

import asyncio
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from market.core.merge import Merger
from market.core.quote import Quote
from market.core.tick import Tick
from market.exchanges import EXCHANGES
from market.exchanges.base import Subscription
from market.exchanges.stream import Pace, Stream, StreamState

DEADLINE = 10.0  # seconds a test waits for anything

# A stream in a hurry: what takes minutes in life takes tenths of a second.
QUICK = Pace(
    min_session=0.2,
    backoff_base=0.02,
    backoff_cap=0.1,
    refused_cap=0.1,
    banned=0.6,
    blocked=0.3,
    connect_limits=((1000, 60.0),),
    silence=0.4,
    pong=0.3,
    quiet_cap=1.6,
    rotation=3600.0,
    rotation_jitter=0.0,
    overlap=0.6,
    settle=0.05,
    between_messages=0.01,
    answer=0.4,
    first_message=0.3,
)


@dataclass(frozen=True, slots=True)
class Send:
    """A frame goes out, as it is."""

    frame: str | bytes


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Close:
    """A close frame; the session is over."""

    code: int = 1000
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Cut:
    """The TCP connection is reset, without a close frame."""


@dataclass(frozen=True, slots=True)
class Freeze:
    """Half-open: TCP stays, nothing is read, written or answered any more."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """The handshake is answered with an HTTP error."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


Step = Send | Wait | Close | Cut | Freeze
Session = Sequence[Step]
Answer = Callable[[dict[str, Any]], str | None]


def acknowledge(request: dict[str, Any]) -> str:
    return json.dumps({"result": None, "id": request["id"]})


class ScriptedExchange:
    """`sessions` are played one a connection, the last one again and again; a `Refuse` answers the handshake.

    After its steps a session stays open and answers each request by `answer`. Everything may be changed while
    it runs.
    """

    def __init__(self, *sessions: Session | Refuse, answer: Answer = acknowledge) -> None:
        self.sessions: list[Session | Refuse] = list(sessions) or [()]
        self.answer = answer
        self.connects: list[float] = []  # monotonic seconds
        self.paths: list[str] = []
        self.requests: list[tuple[float, dict[str, Any]]] = []
        self.sockets: list[ServerConnection] = []  # open ones, oldest first
        self._over = asyncio.Event()
        self._server: Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await serve(
            self._play, "127.0.0.1", 0, process_request=self._gate, compression=None, ping_interval=None
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._over.set()
        for socket in self.sockets:
            socket.transport.abort()
        self._server.close()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        assert self._server is not None
        host, port = next(iter(self._server.sockets)).getsockname()
        return f"ws://{host}:{port}"

    async def send(self, *frames: str | bytes) -> None:
        """To every open connection."""
        for socket in list(self.sockets):
            for frame in frames:
                await socket.send(frame)

    def _script(self) -> Session | Refuse:
        return self.sessions.pop(0) if len(self.sessions) > 1 else self.sessions[0]

    def _gate(self, socket: ServerConnection, request: Request) -> Response | None:
        self.connects.append(time.monotonic())
        self.paths.append(request.path)
        script = self._script()
        if not isinstance(script, Refuse):
            socket.script = script  # type: ignore[attr-defined]
            return None
        response = socket.respond(HTTPStatus(script.status), script.body)
        for name, value in script.headers.items():
            response.headers[name] = value
        return response

    async def _play(self, socket: ServerConnection) -> None:
        self.sockets.append(socket)
        try:
            for step in socket.script:  # type: ignore[attr-defined]
                await self._do(step, socket)
            async for message in socket:
                await self._reply(json.loads(message), socket)
        except ConnectionClosed:
            return
        finally:
            self.sockets.remove(socket)

    async def _reply(self, request: dict[str, Any], socket: ServerConnection) -> None:
        self.requests.append((time.monotonic(), request))
        if (text := self.answer(request)) is not None:
            await socket.send(text)

    async def _do(self, step: Step, socket: ServerConnection) -> None:
        if isinstance(step, Send):
            await socket.send(step.frame)
        elif isinstance(step, Wait):
            await asyncio.sleep(step.seconds)
        elif isinstance(step, Close):
            await socket.close(step.code, step.reason)
        elif isinstance(step, Cut):
            socket.transport.abort()
        else:
            socket.transport.pause_reading()
            await self._over.wait()


async def until(condition: Callable[[], object], *, deadline: float = DEADLINE) -> None:
    """Wait until `condition` holds. Raises TimeoutError, naming it."""
    end = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {deadline:g} s: {condition}")
        await asyncio.sleep(0.005)


def steps(frames: Iterable[str | bytes]) -> list[Step]:
    return [Send(frame) for frame in frames]


class Listener:
    """A stream that runs, and everything it said. `quotes` are the merged ones, as a feed would publish them."""

    def __init__(self, url: str, *, mode: str = "tickers", pace: Pace = QUICK) -> None:
        self.ticks: list[Tick] = []
        self.states: list[StreamState] = []
        self.quotes: list[tuple[float, Quote]] = []  # with the monotonic time of each
        self.merger = Merger("binance", "simulator")
        self.stream = Stream(
            EXCHANGES["binance"],
            base_url=url,
            mode=mode,
            on_tick=self._take,
            on_state=self.states.append,
            pace=pace,
        )
        self._task: asyncio.Task[None] | None = None

    def want(self, *symbols: str, every_trade: bool = False) -> None:
        self.stream.want(Subscription(symbol, every_trade) for symbol in symbols)

    def price(self, symbol: str) -> str | None:
        """The newest, without zeros at its end."""
        quote = self.merger.quote(symbol)
        return None if quote is None else f"{quote.price.normalize():f}"

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self.stream.run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        assert self._task is not None
        # A stream ends by being cancelled, never by an error of its own.
        assert self._task.cancelled(), self._task.exception()

    def _take(self, tick: Tick) -> None:
        self.ticks.append(tick)
        if (quote := self.merger.apply(tick)) is not None:
            self.quotes.append((time.monotonic(), quote))
