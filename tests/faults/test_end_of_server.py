"""Fault 23: a server that is told to stop says so to everybody and ends with exit code 0."""

import contextlib
import signal
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from math import inf

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.support.live import LiveServer


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_clients_of_every_transport_are_told_and_the_exit_code_is_zero(by: signal.Signals) -> None:
    with LiveServer("--demo", feed="live") as server, contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(connect(f"{server.ws_url}/ws/prices")) for _ in range(20)]
        client = stack.enter_context(httpx.Client(base_url=server.url, timeout=30))
        ticks = stack.enter_context(client.stream("GET", "/api/sse/prices"))
        events = stack.enter_context(client.stream("GET", "/events/"))

        began = time.monotonic()
        server.process.send_signal(by)
        last_words = "".join(ticks.iter_text())
        "".join(events.iter_text())
        code = server.process.wait(15)
        seconds = time.monotonic() - began

        assert code == 0
        assert seconds < 10
        assert {_close_code(socket) for socket in sockets} == {1012}
        assert 1000 <= int(last_words.rpartition("retry: ")[2]) <= 10_000
        assert "Traceback" not in server.stderr


def test_a_locked_database_does_not_hold_up_the_end() -> None:
    with LiveServer("--demo", feed="live") as server:
        server.wait_until(lambda: _lag(server) < 3, what="the feed writes")
        with closing(sqlite3.connect(server.var_dir / "demo.sqlite3", isolation_level=None, timeout=20)) as database:
            database.execute("BEGIN EXCLUSIVE")
            # Until the feed's writers hang in it.
            server.wait_until(lambda: _lag(server) > 3, what="time")

            began = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            code = server.process.wait(30)
            seconds = time.monotonic() - began
            database.execute("ROLLBACK")
            whole = database.execute("PRAGMA integrity_check").fetchall()

        assert (code, whole) == (0, [("ok",)])
        assert seconds <= 3
        assert "ended without waiting for" in server.stderr
        assert "Traceback" not in server.stderr


def _lag(server: LiveServer) -> float:
    """Seconds since the feed last wrote prices, as events."""
    with closing(sqlite3.connect(server.var_dir / "demo.sqlite3")) as database:
        (created,) = database.execute("SELECT max(created) FROM django_eventstream_event").fetchone()
    if created is None:
        return inf
    return (datetime.now(UTC) - datetime.fromisoformat(created).replace(tzinfo=UTC)).total_seconds()


def _close_code(socket: ClientConnection) -> int | None:
    try:
        while True:
            socket.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None
