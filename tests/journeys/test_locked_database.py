"""A database that somebody keeps locked (fault 22): prices, and those who come for them, do not notice."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from tests.support.live import LiveServer

LOCKED_FOR = 5.0  # seconds
AT_ONCE = 2.0  # seconds that an answer may take on a busy machine


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with LiveServer("--demo", feed="live", var_dir=tmp_path_factory.mktemp("locked")) as server:
        yield server


@contextmanager
def locked(database: Path) -> Iterator[None]:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("UPDATE market_watchedsymbol SET position = position")
        yield
        connection.execute("ROLLBACK")


def test_prices_go_on_and_newcomers_are_served(server: LiveServer) -> None:
    times: list[float] = []
    with connect(f"{server.ws_url}/ws/prices") as ws, locked(server.var_dir / "demo.sqlite3"):
        end = time.monotonic() + LOCKED_FOR
        while time.monotonic() < end:
            if json.loads(ws.recv(timeout=20))["type"] == "price_update":
                times.append(time.monotonic())
        began = time.monotonic()
        answers = [httpx.get(server.url + path, timeout=20).status_code for path in ("/", "/api/prices")]
        with connect(f"{server.ws_url}/ws/prices") as late:
            greeting = [json.loads(late.recv(timeout=20))["type"] for _ in range(3)]
        took = time.monotonic() - began

    assert max(later - earlier for earlier, later in zip(times, times[1:], strict=False)) < AT_ONCE
    assert (answers, greeting) == ([200, 200], ["connected", "status", "snapshot"])
    assert took < AT_ONCE


def test_durable_events_wait_and_none_is_lost(server: LiveServer) -> None:
    with httpx.stream("GET", f"{server.url}/events/?channels=prices", timeout=30) as stream:
        ids = (int(line.removeprefix("id: prices:")) for line in stream.iter_lines() if line.startswith("id: "))
        with locked(server.var_dir / "demo.sqlite3"):
            ended = time.monotonic() + 2
            while time.monotonic() < ended:
                assert server.status()["feed"] == "live"
        numbers = [next(ids) for _ in range(4)]

    assert numbers == list(range(numbers[0], numbers[0] + 4))
    assert "Traceback" not in server.stderr
