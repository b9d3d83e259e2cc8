"""Fault 22: a database that is locked for seconds stops no price and turns no visitor away.

A minute ends meanwhile: its candles are told as ever, and are rows afterwards.
"""

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from websockets.asyncio.client import connect

from market.simulator import Simulator
from tests.support.churn import churning
from tests.support.clients import KINDS, Client, clients_of
from tests.support.exchange import until
from tests.support.exchange_clock import ExchangeClock
from tests.support.live import LiveServer

LOCKED_FOR = 5.0
LONGEST_GAP = 1.5
LONGEST_CANDLE_GAP = 3.0  # they are told once a second
VISITORS_PER_SECOND = 10
GREETED = 0.98  # some leave half a second after they came, on a machine that has more to do
ENDS_IN_MS = 2_000  # the minute, after the lock began
SYMBOL = "BTCUSDT"


@contextmanager
def sqlite_lock(file: Path) -> Iterator[None]:
    connection = sqlite3.connect(file, isolation_level=None, timeout=20)
    try:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


def _take(connection: psycopg.Connection[tuple[str]], lock: str) -> bool:
    """False where it met a transaction of the server's half-way."""
    try:
        connection.execute(lock.encode())
    except psycopg.errors.DeadlockDetected:
        return False
    return True


@contextmanager
def postgres_lock(url: str) -> Iterator[None]:
    """Of every table: not even reading is possible."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        tables = ", ".join(name for (name,) in rows)
        while not _take(connection, f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE"):
            connection.rollback()
        yield
        connection.rollback()


@asynccontextmanager
async def serving(url: str, clock: ExchangeClock) -> AsyncIterator[LiveServer]:
    """One process with everything but the exchange, on this database."""
    async with Simulator(rate=5, clock=clock) as exchange:
        sources = {"BINANCE_STREAM_URL": exchange.stream_url, "BINANCE_REST_URL": exchange.rest_url}
        secret = {"SECRET_KEY": "of this test only, and long enough for the checks of a deployment"}
        server = LiveServer(env={**sources, **secret, "DATABASE_URL": url}, feed="live")
        await asyncio.to_thread(server.__enter__)
        try:
            yield server
        finally:
            await asyncio.to_thread(server.__exit__)


class CandleReader:
    """Listens to the open candle of a symbol: (opening, closed) of each message, with when it came."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, int, bool]] = []

    async def run(self, url: str) -> None:
        async with connect(f"{url}/ws/prices") as socket:
            await socket.send(json.dumps({"type": "subscribe", "symbols": [SYMBOL], "candles": ["1m"]}))
            async for text in socket:
                message = json.loads(text)
                if message["type"] == "candle":
                    candle = message["candle"]
                    self.heard.append((time.monotonic(), candle["time"], candle["closed"]))

    def longest_gap(self, since: float) -> float:
        times = [since, *(came for came, _, _ in self.heard if came > since), time.monotonic()]
        return max(later - earlier for earlier, later in zip(times, times[1:], strict=False))


@asynccontextmanager
async def reading_candles(server: LiveServer) -> AsyncIterator[CandleReader]:
    reader = CandleReader()
    task = asyncio.create_task(reader.run(server.ws_url))
    try:
        await until(lambda: reader.heard, deadline=20)
        yield reader
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def first_price(client: Client, deadline: float) -> None:
    async with asyncio.timeout(deadline):
        while not client.screen.fresh_at:
            client.check()
            await asyncio.sleep(0.02)


async def stored_minutes(server: LiveServer, symbol: str) -> dict[int, bool]:
    """Opening time to closed, of the newest minutes."""
    async with httpx.AsyncClient(base_url=server.url, timeout=20) as client:
        answer = await client.get("/api/candles", params={"symbol": symbol, "interval": "1m", "limit": 3})
    assert answer.status_code == 200
    assert answer.json()["gaps"] == []
    return {candle["time"]: candle["closed"] for candle in answer.json()["data"]}


async def until_stored(server: LiveServer, symbol: str, minute: int) -> None:
    async with asyncio.timeout(20):
        while not (await stored_minutes(server, symbol)).get(minute):
            await asyncio.sleep(0.2)


async def survive_lock(url: str, lock: AbstractContextManager[None], seconds: float) -> None:
    clock = ExchangeClock()
    async with (
        serving(url, clock) as server,
        clients_of([server.url], each=2, kinds=KINDS) as clients,
        reading_candles(server) as candles,
    ):
        await asyncio.gather(*(first_price(client, 20) for client in clients))
        with lock:
            locked, minute = time.monotonic(), clock.end_minute_in(ENDS_IN_MS)
            async with churning([server.url], per_second=VISITORS_PER_SECOND, stay=1) as churn:
                async with httpx.AsyncClient(base_url=server.url, timeout=5) as visitor:
                    pages = [await visitor.get(path) for path in ("/", "/api/prices", "/api/sse/status")]
                await asyncio.sleep(seconds)
            gaps = [client.screen.longest_gap(locked) for client in clients]
            candle_gap, told = candles.longest_gap(locked), {(when, closed) for _, when, closed in candles.heard}
        for symbol in (SYMBOL, "ETHUSDT"):
            await until_stored(server, symbol, minute)

        assert [page.status_code for page in pages] == [200] * len(pages)
        assert max(gaps) <= LONGEST_GAP
        assert candle_gap <= LONGEST_CANDLE_GAP
        assert (minute, True) in told
        assert churn.greeted >= GREETED * churn.visits > 0
        assert sum(len(client.ends) for client in clients) == 0
        assert "Traceback" not in server.stderr


async def test_a_locked_database_stops_no_price_and_no_visitor(tmp_path: Path, postgres_url: str) -> None:
    file = tmp_path / "db.sqlite3"
    # Both at once: it is mostly waiting.
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(survive_lock(f"sqlite:///{file}", sqlite_lock(file), LOCKED_FOR))
        tasks.create_task(survive_lock(postgres_url, postgres_lock(postgres_url), LOCKED_FOR))


@pytest.mark.soak
@pytest.mark.timeout(400)
async def test_a_database_that_is_locked_for_a_minute_loses_no_candle(tmp_path: Path, postgres_url: str) -> None:
    file = tmp_path / "db.sqlite3"
    await survive_lock(f"sqlite:///{file}", sqlite_lock(file), 60)
    await survive_lock(postgres_url, postgres_lock(postgres_url), 60)
