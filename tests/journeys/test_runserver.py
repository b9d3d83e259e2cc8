"""`manage.py runserver`: Daphne for development, with exactly one feed beside it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.live import LiveProcess, LiveServer
from tests.support.services import free_port, wait_until


@pytest.fixture
def exchange() -> Iterator[dict[str, str]]:
    """A simulator of its own; the environment that points at it."""
    port = free_port()
    with LiveProcess("simulate", "--port", str(port)):
        yield {"BINANCE_STREAM_URL": f"ws://127.0.0.1:{port}", "BINANCE_REST_URL": f"http://127.0.0.1:{port}"}


def test_with_autoreload_one_feed_runs(exchange: dict[str, str], tmp_path: Path) -> None:
    """Django runs the command twice then: the one that watches the files must not have a feed too."""
    with LiveServer(command="runserver", feed="live", env={**exchange, "DEBUG": "1"}, var_dir=tmp_path) as server:
        cursor = httpx.get(f"{server.url}/api/prices").json()["cursor"]
        wait_until(lambda: httpx.get(f"{server.url}/api/prices").json()["cursor"] != cursor, what="the next price")
        later = httpx.get(f"{server.url}/api/prices").json()["cursor"]

        assert later.split(":")[0] == cursor.split(":")[0]
        assert server.stderr.count("prices are live") == 1
