"""Faults 23 and 24: processes are replaced while everybody reads, and everybody comes back at once."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio

from market.core.messages import LIVE, STALE
from tests.support.churn import churning
from tests.support.clients import Client, PollClient, SseClient, WebSocketClient, clients_of
from tests.support.cluster import Cluster, cluster
from tests.support.live import LiveServer
from tests.support.services import RedisServer, require
from tests.support.stuck import thread_count

pytestmark = pytest.mark.asyncio(loop_scope="module")

ENDS_WITHIN = 10.0
WITHOUT_PRICES = 15.0
BACK_WITHIN = 30.0
FOUND_WITHIN = 2.0
# How connections end.
ORDERLY = {WebSocketClient: {"1012"}, SseClient: {"clean"}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    with RedisServer(require("redis-server")) as redis:
        async with cluster(redis, tmp_path_factory.mktemp("restarts")) as started:
            yield started


async def restart(web: LiveServer) -> tuple[int, float]:
    """End a web process as a supervisor does and start it again; its exit code and how long it took to end."""
    began = time.monotonic()
    code = await asyncio.to_thread(web.stop)
    seconds = time.monotonic() - began
    await asyncio.to_thread(web.__enter__)
    return code, seconds


async def test_web_processes_are_replaced_under_their_readers(running: Cluster) -> None:
    await running.until_calm()
    began = time.monotonic()

    async with churning([web.url for web in running.webs], per_second=50) as churn:
        ends = [await restart(web) for web in running.webs]
        await running.until_calm()

    assert [code for code, _ in ends] == [0] * len(running.webs)
    assert max(seconds for _, seconds in ends) <= ENDS_WITHIN
    for client in running.clients:
        assert client.ends or isinstance(client, PollClient)
        assert set(client.ends) <= ORDERLY.get(type(client), set(client.ends))
    assert max(client.screen.longest_gap(began) for client in running.clients) <= WITHOUT_PRICES
    assert running.wrong() + churn.wrong == []
    assert churn.greeted > 0
    assert all("Traceback" not in web.stderr for web in running.webs)


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGKILL])
async def test_a_feed_is_replaced_and_no_price_goes_back(running: Cluster, by: signal.Signals) -> None:
    await running.until_calm()
    began, cut_off = time.monotonic(), running.ends()

    code = await asyncio.to_thread(running.feed.stop, by=by)
    stopped = time.monotonic()
    await running.until(lambda: max(running.told(STALE, began)) < ENDS_WITHIN, what="all to know")
    running.feed.start()
    await running.until_calm()

    assert code == (0 if by == signal.SIGTERM else -by)
    assert max(running.told(STALE, stopped)) <= 3
    assert running.ends() == cut_off, "a client was cut off"
    assert running.wrong() == []
    assert max(client.screen.longest_gap(began) for client in running.clients) <= WITHOUT_PRICES


async def test_a_web_process_that_is_restarted_without_redis_finds_it_later(running: Cluster) -> None:
    await running.until_calm()
    # Restarts before may have gathered all clients on one: the other stays.
    web = min(running.webs, key=lambda web: sum(client.server == web.url for client in running.clients))
    ends = {client: len(client.ends) for client in running.clients}
    running.redis.kill()
    try:
        code, seconds = await restart(web)
    finally:
        await asyncio.to_thread(running.redis.start)
    answers = time.monotonic()
    await running.until(lambda: web.status()["feed"] == LIVE, what="the new process live", deadline=FOUND_WITHIN)
    await running.until_calm()

    stayed = [client.screen.fresh_after(answers) or 99 for client, count in ends.items() if len(client.ends) == count]
    assert (code, seconds <= ENDS_WITHIN) == (0, True)
    assert stayed
    assert max(stayed) <= FOUND_WITHIN
    assert running.wrong() == []
    assert "Traceback" not in web.stderr


@pytest.mark.soak
@pytest.mark.parametrize("away", ["dead", "frozen"])
@pytest.mark.parametrize("seconds", [0, 6])
async def test_every_process_ends_in_time_without_redis(running: Cluster, away: str, seconds: float) -> None:
    await running.until_calm()
    leave, come_back = {
        "dead": (running.redis.kill, running.redis.start),
        "frozen": (running.redis.freeze, running.redis.thaw),
    }[away]
    leave()
    await asyncio.sleep(seconds)
    began = time.monotonic()
    codes = await asyncio.gather(*(asyncio.to_thread(process.stop) for process in running.processes))
    took = time.monotonic() - began
    await asyncio.to_thread(come_back)
    running.feed.start()
    await asyncio.gather(*(asyncio.to_thread(web.__enter__) for web in running.webs))

    assert codes == [0] * len(running.processes)
    assert took <= ENDS_WITHIN
    assert all("Traceback" not in process.stderr for process in running.processes)


async def survive_storm(running: Cluster, count: int, *, stalled: float = 0.0) -> None:
    """`count` clients on all web processes; one of those crashes and all its clients turn to the rest at once.

    The rest stand still for the first `stalled` seconds.
    """
    await running.until_calm()
    crashed, *rest = running.webs
    each = count // (2 * len(running.webs))
    async with clients_of([web.url for web in running.webs], each=each, kinds=(WebSocketClient, SseClient)) as crowd:
        await running.until(lambda: all(client.screen.fresh_at for client in crowd), what="all greeted", deadline=60)
        crashed.kill()
        began = time.monotonic()
        await stand_still(rest, stalled)
        await running.until(lambda: all(is_fresh(client, began) for client in crowd), what="all back", deadline=60)
        seconds = time.monotonic() - began
        connections, threads = await asyncio.to_thread(redis_connections, running), max(map(threads_of, rest))
        moved, refused = sum(bool(client.ends) for client in crowd), sum(client.refused for client in crowd)
    print(f"{moved} moved within {seconds:.1f} s, {refused} refused, {connections} to Redis, {threads} threads")

    assert seconds <= BACK_WITHIN
    assert moved >= count // len(running.webs)
    assert refused <= count // 100
    assert connections <= 5 * (len(rest) + 1)
    assert threads <= 40
    await running.until(lambda: all(map(is_empty, rest)), what="the crowd to be forgotten")
    await asyncio.to_thread(crashed.__enter__)


async def stand_still(webs: Sequence[LiveServer], seconds: float) -> None:
    for web in webs if seconds else ():
        web.process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(seconds)
    for web in webs if seconds else ():
        web.process.send_signal(signal.SIGCONT)


async def test_everybody_comes_back_at_once(running: Cluster) -> None:
    await survive_storm(running, 500)


@pytest.mark.soak
async def test_a_thousand_come_back_to_a_process_that_stood_still(running: Cluster) -> None:
    await survive_storm(running, 1000, stalled=6)


def is_fresh(client: Client, since: float) -> bool:
    return client.connected and client.screen.fresh_after(since) is not None


def redis_connections(running: Cluster) -> int:
    """Those of all processes together, without the one that asks."""
    with running.redis.client() as client:
        return len(client.client_list()) - 1


def threads_of(web: LiveServer) -> int:
    return thread_count(web.pid)


def is_empty(web: LiveServer) -> bool:
    """But for the cluster's own clients."""
    return bool(web.status()["connected_clients"] < 50)
