"""Fault 22: a database that is locked for seconds stops no price and turns no visitor away."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import psycopg

from market.simulator import Simulator
from tests.support.churn import churning
from tests.support.clients import KINDS, Client, clients_of
from tests.support.live import LiveServer

LOCKED_FOR = 5.0
LONGEST_GAP = 1.5
VISITORS_PER_SECOND = 10


@contextmanager
def sqlite_lock(file: Path) -> Iterator[None]:
    connection = sqlite3.connect(file, isolation_level=None, timeout=20)
    try:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


@contextmanager
def postgres_lock(url: str) -> Iterator[None]:
    """Of every table: not even reading is possible."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        tables = ", ".join(name for (name,) in rows)
        connection.execute(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE".encode())
        yield
        connection.rollback()


@asynccontextmanager
async def serving(url: str) -> AsyncIterator[LiveServer]:
    """One process with everything but the exchange, on this database."""
    async with Simulator(rate=5) as exchange:
        sources = {"BINANCE_STREAM_URL": exchange.stream_url, "BINANCE_REST_URL": exchange.rest_url}
        secret = {"SECRET_KEY": "of this test only, and long enough for the checks of a deployment"}
        server = LiveServer(env={**sources, **secret, "DATABASE_URL": url}, feed="live")
        await asyncio.to_thread(server.__enter__)
        try:
            yield server
        finally:
            await asyncio.to_thread(server.__exit__)


async def first_price(client: Client, deadline: float) -> None:
    async with asyncio.timeout(deadline):
        while not client.screen.fresh_at:
            client.check()
            await asyncio.sleep(0.02)


async def survive_lock(url: str, lock: AbstractContextManager[None]) -> None:
    async with serving(url) as server, clients_of([server.url], each=2, kinds=KINDS) as clients:
        await asyncio.gather(*(first_price(client, 20) for client in clients))
        with lock:
            locked = time.monotonic()
            async with churning([server.url], per_second=VISITORS_PER_SECOND, stay=1) as churn:
                async with httpx.AsyncClient(base_url=server.url, timeout=LOCKED_FOR) as visitor:
                    pages = [await visitor.get(path) for path in ("/", "/api/prices", "/api/sse/status")]
                await asyncio.sleep(LOCKED_FOR)
            gaps = [client.screen.longest_gap(locked) for client in clients]

        assert [page.status_code for page in pages] == [200] * len(pages)
        assert max(gaps) <= LONGEST_GAP
        assert churn.greeted == churn.visits > 0
        assert sum(len(client.ends) for client in clients) == 0
        assert "Traceback" not in server.stderr


async def test_a_locked_database_stops_no_price_and_no_visitor(tmp_path: Path, postgres_url: str) -> None:
    file = tmp_path / "db.sqlite3"
    # Both at once: it is mostly waiting.
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(survive_lock(f"sqlite:///{file}", sqlite_lock(file)))
        tasks.create_task(survive_lock(postgres_url, postgres_lock(postgres_url)))
