"""The feed beside the web part in one event loop, alerts sent in threads, and with `--demo` the simulated exchange too.

Only `serve` and `runserver` start it, from their own start; nothing starts it by being imported.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from django.conf import settings

from market.core.messages import LIVE
from market.dispatch import Dispatcher
from market.exchanges.recorder import RecordTo
from market.feed import Feed, feed_from_settings
from market.feed_metrics import expose_feed
from market.feed_watch import FeedState
from market.relay import Relay, current
from market.simulator import Recording, Simulator
from market.simulator.instrument import PRICED_MS

logger = logging.getLogger(__name__)

# Seconds before a feed, or what sends alerts, that crashed is started again; doubled each time, up to the second.
PAUSES = (1.0, 30.0)
LOOK_EVERY = 0.5
# A feed that is not live for this long (seconds) after its start has said why.
PATIENCE = 3.0

STOP_WITHIN = 1.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Demo:
    """A simulated exchange instead of the real one; a recording of one where `replay` is given."""

    symbols: int | None = None  # how many; None: all it knows
    rate: float = 1.0  # tickers a second of each symbol
    replay: Recording | None = None
    speed: float = 1.0
    loop: bool = False


@contextlib.asynccontextmanager
async def embedded(
    *, feed: bool, alerts: bool, demo: Demo | None, say: Say, record: RecordTo | None = None
) -> AsyncIterator[None]:
    """Run the relay, and what was asked for beside it, while the block runs. `say` prints a line.

    `alerts`: deliver them here, as `sendalerts` does. `record`: where the feed keeps what it hears.
    """
    async with contextlib.AsyncExitStack() as stack:
        relay = current()
        relay.ensure_running()
        stack.push_async_callback(_end, relay)
        if demo is not None:
            make_feed = await _demo_feed(stack, demo, record, say)
            await _start(stack, keep_running(lambda: _exposed(make_feed())))
        elif feed:
            await _start(stack, keep_running(lambda: _exposed(feed_from_settings(record=record))))
            await _start(stack, tell_if_unreachable(lambda: relay.hub.feed.state, say))
        if alerts:
            await _start(stack, keep_running(Delivering, what="sending alerts"))
        yield


class Runs(Protocol):
    async def run(self) -> None: ...


async def keep_running(
    make: Callable[[], Runs], *, what: str = "the feed", pauses: tuple[float, float] = PAUSES
) -> None:
    """For ever: one that crashes is logged and replaced, and the web part does not notice."""
    pause, longest = pauses
    while True:
        try:
            await make().run()
        except Exception:
            logger.exception("%s failed; it starts again in %g s", what, pause)
        await asyncio.sleep(pause)
        pause = min(2 * pause, longest)


class Delivering:
    """A dispatcher in a thread: what it waits for, a database or a server, is not waited for here."""

    def __init__(self) -> None:
        self._dispatcher = Dispatcher()
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Until cancelled. Raises what the dispatcher raises."""
        loop = asyncio.get_running_loop()
        # A daemon: a database that hangs must not keep the process from ending.
        threading.Thread(target=self._work, args=[loop], name="alerts", daemon=True).start()
        try:
            await self._ended
        finally:
            self._dispatcher.stop()

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        failure: Exception | None = None
        try:
            self._dispatcher.run()
        except Exception as error:
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop has ended before us
            loop.call_soon_threadsafe(self._end, failure)

    def _end(self, failure: Exception | None) -> None:
        if self._ended.done():
            return
        if failure is None:
            self._ended.set_result(None)
        else:
            self._ended.set_exception(failure)


async def tell_if_unreachable(state: Callable[[], FeedState], say: Say, *, patience: float = PATIENCE) -> None:
    """Say once, if prices do not come, why not and what works without them."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while state().feed != LIVE:
        if loop.time() - began > patience and (reason := state().reason):
            say(f"No prices yet: {reason}. The feed keeps trying; `make demo` works without the exchange.")
            return
        await asyncio.sleep(LOOK_EVERY)


async def _demo_feed(
    stack: contextlib.AsyncExitStack, demo: Demo, record: RecordTo | None, say: Say
) -> Callable[[], Feed]:
    exchange = Simulator(
        symbols=demo.symbols,
        rate=demo.rate,
        replay=demo.replay,
        speed=demo.speed,
        loop=demo.loop,
        anchor_ms=PRICED_MS,
    )
    await stack.enter_async_context(exchange)
    if exchange.replay is not None:
        await _start(stack, _tell_end(exchange.replay.finished, say))
    # From here on it is this process's exchange: for the feed, and for the admin that asks about a symbol.
    settings.BINANCE_STREAM_URL, settings.BINANCE_REST_URL = exchange.stream_url, exchange.rest_url
    source, mode = ("replay", "recorded") if demo.replay else ("simulator", "tickers")
    return lambda: feed_from_settings(source=source, mode=mode, record=record)


def _exposed(feed: Feed) -> Feed:
    expose_feed(feed)
    return feed


async def _tell_end(finished: asyncio.Event, say: Say) -> None:
    await finished.wait()
    say("The recording has ended; its last prices stay. Start again to see it again.")


async def _start(stack: contextlib.AsyncExitStack, work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)
    stack.push_async_callback(_stop, task)


async def _end(relay: Relay) -> None:
    await asyncio.wait({asyncio.ensure_future(relay.stop())}, timeout=STOP_WITHIN)


async def _stop(task: asyncio.Future[None]) -> None:
    """At the end nothing is waited for long: Redis may hang, and the next start needs the port."""
    task.cancel()
    await asyncio.wait({task}, timeout=STOP_WITHIN)
