"""Faults 23 and 24: processes are replaced while everybody reads, and everybody comes back at once."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from market.core.messages import STALE
from tests.support.churn import churning
from tests.support.clients import PollClient, SseClient, WebSocketClient, clients_of
from tests.support.cluster import Cluster, cluster
from tests.support.live import LiveServer
from tests.support.services import RedisServer, require
from tests.support.stuck import thread_count

pytestmark = pytest.mark.asyncio(loop_scope="module")

ENDS_WITHIN = 10.0
WITHOUT_PRICES = 15.0
STORM = 500
BACK_WITHIN = 30.0
# What lies between the end of one process and the reader's next answer of another.
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

    async with churning([web.url for web in running.webs], per_second=20) as churn:
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


async def test_everybody_comes_back_at_once(running: Cluster) -> None:
    await running.until_calm()
    urls = [web.url for web in running.webs]
    each = STORM // (2 * len(urls))
    began = time.monotonic()

    async with clients_of(urls, each=each, kinds=(WebSocketClient, SseClient)) as crowd:
        everybody = [*running.clients, *crowd]
        await running.until(lambda: all(client.screen.fresh_at for client in crowd), what="all greeted", deadline=60)
        seconds = time.monotonic() - began
        connections, threads = await asyncio.to_thread(redis_connections, running), max(map(threads_of, running.webs))
        refused = sum(client.refused for client in everybody)

    assert seconds <= BACK_WITHIN
    assert refused <= len(crowd) // 100
    assert connections <= 5 * len(running.processes)
    assert threads <= 40
    await running.until(lambda: all(map(is_empty, running.webs)), what="the crowd to be forgotten")


def redis_connections(running: Cluster) -> int:
    """Those of all processes together, without the one that asks."""
    with running.redis.client() as client:
        return len(client.client_list()) - 1


def threads_of(web: LiveServer) -> int:
    return thread_count(web.pid)


def is_empty(web: LiveServer) -> bool:
    return bool(web.status()["clients"]["ws"] < STORM // 10)
