"""Fault 25: visitors come and go for a long time, then everybody leaves. SOAK_SECONDS says how long (default 300)."""

import asyncio
import os
import statistics
import time
from pathlib import Path

import pytest

from tests.support.churn import churning
from tests.support.cluster import Cluster, cluster
from tests.support.feed_process import resident_bytes
from tests.support.live import LiveProcess
from tests.support.services import RedisServer
from tests.support.stuck import thread_count

pytestmark = pytest.mark.soak

SECONDS = float(os.environ.get("SOAK_SECONDS", "300"))
PER_SECOND = 10.0
STAY = 10.0  # seconds: a hundred at a time
WARM_UP = 1 / 3  # of the time
LEFT_OVER = 5
MEGABYTE = 2**20
GROWTH = 2 * MEGABYTE + MEGABYTE * SECONDS / 3600  # a megabyte an hour, and the noise of an allocator


async def memory_of(running: Cluster, seconds: float) -> dict[str, list[int]]:
    """Bytes in use by process, once a second."""
    samples: dict[str, list[int]] = {name: [] for name in running.memory()}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for name, size in running.memory().items():
            samples[name].append(size)
        for client in running.clients:
            client.check()
        await asyncio.sleep(1)
    return samples


def growth(sizes: list[int]) -> float:
    """From the middle of the first third to that of the last."""
    third = len(sizes) // 3
    return statistics.median(sizes[-third:]) - statistics.median(sizes[:third])


def belongings(process: LiveProcess) -> dict[str, int]:
    return {"files": len(os.listdir(f"/proc/{process.pid}/fd")), "threads": thread_count(process.pid)}


@pytest.mark.timeout(SECONDS + 300)
async def test_nothing_grows_while_visitors_come_and_go(redis_server: RedisServer, tmp_path: Path) -> None:
    async with cluster(redis_server, tmp_path) as running:
        urls = [web.url for web in running.webs]
        async with churning(urls, per_second=PER_SECOND, stay=1):
            await asyncio.sleep(10)  # threads and pools are there from now on
        await running.until(lambda: only_ours(running), what="the first visitors to be forgotten")
        before = [belongings(process) for process in running.processes]

        async with churning(urls, per_second=PER_SECOND, stay=STAY) as churn:
            await asyncio.sleep(SECONDS * WARM_UP)
            began, ends = time.monotonic(), running.ends()
            samples = await memory_of(running, SECONDS * (1 - WARM_UP))
        await running.until(lambda: only_ours(running), what="everybody to be forgotten")
        after = [belongings(process) for process in running.processes]

        grown = {name: growth(sizes) for name, sizes in samples.items()}
        print(f"{churn.visits} visits, grown by {grown} bytes, belongings {before} -> {after}")
        assert churn.greeted == churn.visits > SECONDS
        assert churn.wrong + running.wrong() == []
        assert running.ends() == ends
        assert max(client.screen.longest_gap(began) for client in running.clients) < 5
        assert max(grown.values()) <= GROWTH
        for earlier, later in zip(before, after, strict=True):
            assert all(abs(later[name] - earlier[name]) <= LEFT_OVER for name in later)
        assert resident_bytes(running.feed.pid) < 500 * MEGABYTE


def only_ours(running: Cluster) -> bool:
    """Whether nobody but the cluster's own clients is left."""
    ours = len(running.clients) // len(running.webs)
    return all(web.status()["connected_clients"] <= ours for web in running.webs)
