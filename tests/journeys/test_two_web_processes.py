"""Two web processes, one feed and Redis between them: what one client knows is good at the other process."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.support.live import LiveProcess, LiveServer, create_staff, run_command, signed_in
from tests.support.services import RedisServer, free_port, require

SOON = 2.0  # seconds that a change of the list may take


class House(NamedTuple):
    """Both web processes and the environment that all processes share."""

    left: LiveServer
    right: LiveServer
    env: dict[str, str]
    var_dir: Path


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    var_dir, port = tmp_path_factory.mktemp("house"), free_port()
    with ExitStack() as stack:
        redis = stack.enter_context(RedisServer(require("redis-server")))
        env = {
            "REDIS_URL": redis.url,
            "SECRET_KEY": "of-this-test-only",
            "BINANCE_STREAM_URL": f"ws://127.0.0.1:{port}",
            "BINANCE_REST_URL": f"http://127.0.0.1:{port}",
        }
        run_command("migrate", env=env, var_dir=var_dir)
        create_staff(var_dir, env)
        stack.enter_context(LiveProcess("simulate", "--port", str(port)))
        left = stack.enter_context(LiveServer("--no-feed", env=env, var_dir=var_dir))
        right = stack.enter_context(LiveServer("--no-feed", env=env, var_dir=var_dir))
        stack.enter_context(LiveProcess("runfeed", env=env, var_dir=var_dir))
        left.wait_for_feed("live")
        right.wait_for_feed("live")
        yield House(left, right, env, var_dir)


def next_message(ws: ClientConnection, kind: str) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = json.loads(ws.recv(timeout=20))
        if message["type"] == kind:
            return message


def test_a_client_goes_on_at_the_other_process(house: House) -> None:
    with connect(f"{house.left.ws_url}/ws/prices") as ws:
        cursor = next_message(ws, "snapshot")["cursor"]

    with connect(f"{house.right.ws_url}/ws/prices?since={cursor}") as ws:
        kinds = [json.loads(ws.recv(timeout=20))["type"] for _ in range(3)]
    poll = httpx.get(f"{house.right.url}/api/prices", params={"since": cursor, "wait": 10}, timeout=20).json()

    assert kinds == ["connected", "status", "price_update"]
    assert poll["cursor"].split(":")[0] == cursor.split(":")[0]


def test_both_hold_the_same_prices(house: House) -> None:
    def prices(server: LiveServer) -> tuple[str, str]:
        body = httpx.get(f"{server.url}/api/prices").json()
        return body["cursor"], json.dumps(body["data"])

    deadline = time.monotonic() + 20
    while True:
        left, right = prices(house.left), prices(house.right)
        if left[0] == right[0]:
            break
        assert time.monotonic() < deadline, "never at the same cursor"

    assert left == right


def test_a_test_broadcast_at_one_reaches_a_client_of_the_other(house: House) -> None:
    with connect(f"{house.right.ws_url}/ws/prices?symbols=ETHUSDT") as ws, signed_in(house.left) as staff:
        next_message(ws, "snapshot")
        answer = staff.post("/api/sse/test-broadcast", json={"symbol": "ETHUSDT", "price": 1.25})
        assert answer.status_code == 200, answer.text
        while (quote := next_message(ws, "price_update")["data"][-1])["source"] != "test":
            pass

    assert quote["price"] == 1.25


def test_a_stored_event_reaches_listeners_of_both_once(house: House) -> None:
    def numbers(server: LiveServer) -> list[int]:
        with httpx.stream("GET", f"{server.url}/events/?channels=prices", timeout=30) as stream:
            ids = (
                int(line.removeprefix("id: prices:")) for line in stream.iter_lines() if line.startswith("id: prices:")
            )
            return [next(ids) for _ in range(3)]

    for server in (house.left, house.right):
        first, second, third = numbers(server)
        assert (second, third) == (first + 1, first + 2)


def test_a_symbol_disabled_at_one_is_gone_everywhere_soon(house: House) -> None:
    with connect(f"{house.right.ws_url}/ws/prices") as ws, signed_in(house.left) as staff:
        next_message(ws, "snapshot")
        disable = (
            "from market.models import WatchedSymbol; "
            "WatchedSymbol.objects.filter(symbol='FILUSDT').update(enabled=False)"
        )
        run_command("shell", "-c", disable, env=house.env, var_dir=house.var_dir)
        began = time.monotonic()
        message = next_message(ws, "symbols")
        took = time.monotonic() - began
        assert staff.get("/admin/market/watchedsymbol/").status_code == 200

    assert (message["added"], message["removed"]) == ([], ["FILUSDT"])
    assert took < SOON
    house.left.wait_until(lambda: house.left.status()["symbols"] == 15, what="the other process")
