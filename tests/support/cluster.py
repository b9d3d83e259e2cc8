"""A whole installation: Redis, an exchange, one feed, several web processes, and clients of all of them."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from market.core.messages import LIVE
from market.defaults import DEFAULTS, QUOTE
from market.simulator import Simulator
from tests.support.clients import KINDS, Client, clients_of
from tests.support.feed_process import environment, feed_process, resident_bytes
from tests.support.live import LiveProcess, LiveServer
from tests.support.services import RedisServer

SYMBOLS = [base + QUOTE for base in DEFAULTS]
DEADLINE = 30.0


class Cluster:
    """`clients` read on all the while. The exchange and the clients live in the test's loop: nothing here blocks it."""

    def __init__(
        self,
        redis: RedisServer,
        exchange: Simulator,
        feed: LiveProcess,
        webs: Sequence[LiveServer],
        clients: Sequence[Client],
    ) -> None:
        self.redis = redis
        self.exchange = exchange
        self.feed = feed
        self.webs = webs
        self.clients = clients

    @property
    def processes(self) -> tuple[LiveProcess, ...]:
        return (self.feed, *self.webs)

    async def until(self, ready: Callable[[], bool], *, what: str, deadline: float = DEADLINE) -> None:
        """Wait for a condition. Raises TimeoutError, or what went wrong in a client."""
        end = time.monotonic() + deadline
        while not ready():
            for client in self.clients:
                client.check()
            if time.monotonic() > end:
                raise TimeoutError(f"{what}: not within {deadline:g} s\n{self._logs()}")
            await asyncio.sleep(0.02)

    async def until_calm(self, *, deadline: float = DEADLINE) -> float:
        """Until every client is connected, knows the feed as live and got a price after now; the seconds it took."""
        began = time.monotonic()

        def calm(client: Client) -> bool:
            return client.connected and client.screen.feed == LIVE and client.screen.fresh_after(began) is not None

        await self.until(lambda: all(map(calm, self.clients)), what="all calm", deadline=deadline)
        return time.monotonic() - began

    def lines(self) -> dict[str, int]:
        """Lines logged so far, by process."""
        return {name: process.stderr.count("\n") for name, process in self._named()}

    def memory(self) -> dict[str, int]:
        """Bytes in use, by process."""
        return {name: resident_bytes(process.pid) for name, process in self._named()}

    def ends(self) -> int:
        """How often a client was cut off."""
        return sum(len(client.ends) for client in self.clients)

    def wrong(self) -> list[str]:
        """What clients were shown that must not be."""
        return [text for client in self.clients for text in client.screen.wrong]

    def told(self, feed: str, since: float) -> list[float]:
        """Per client: seconds from `since` until it knew of this state; infinite where it does not."""
        seconds = [client.screen.told(feed, since) for client in self.clients]
        return [float("inf") if each is None else each for each in seconds]

    def fresh_after(self, since: float) -> list[float]:
        """Per client: seconds from `since` until it had a newer price; infinite where it has none."""
        seconds = [client.screen.fresh_after(since) for client in self.clients]
        return [float("inf") if each is None else each for each in seconds]

    def has_kept_its_exchange(self) -> bool:
        return len(self.exchange.connects) == 1 and len(self.exchange.connections) == 1

    def _named(self) -> list[tuple[str, LiveProcess]]:
        return [("feed", self.feed), *((f"web {place}", web) for place, web in enumerate(self.webs))]

    def _logs(self) -> str:
        return "\n".join(f"{name}:\n{process.stderr[-2000:]}" for name, process in self._named())


@asynccontextmanager
async def cluster(
    redis: RedisServer, folder: Path, *, webs: int = 2, each: int = 2, rate: float = 5.0
) -> AsyncIterator[Cluster]:
    """Entered once prices flow to `each` clients of every transport on every web process."""
    async with AsyncExitStack() as stack:
        exchange = await stack.enter_async_context(Simulator(seed=5, symbols=SYMBOLS, rate=rate))
        feed = await stack.enter_async_context(feed_process(redis, exchange, folder))
        env = environment(redis, exchange, folder)
        servers = [LiveServer("--no-feed", env=env, var_dir=folder) for _ in range(webs)]
        await _enter(stack, servers)
        urls = [server.url for server in servers]
        clients = await stack.enter_async_context(clients_of(urls, each=each, kinds=KINDS))
        running = Cluster(redis, exchange, feed, servers, clients)
        await running.until_calm(deadline=60)
        yield running


async def _enter(stack: AsyncExitStack, servers: Sequence[LiveServer]) -> None:
    """Start all of them at once."""
    started = await asyncio.gather(*(asyncio.to_thread(server.__enter__) for server in servers), return_exceptions=True)
    for server in started:
        if isinstance(server, LiveServer):
            stack.push_async_callback(asyncio.to_thread, server.__exit__)
    for failure in started:
        if isinstance(failure, BaseException):
            raise failure
