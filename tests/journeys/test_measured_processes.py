"""Two web processes, one feed and Redis between them: each tells its own numbers, the status page those of all."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from websockets.sync.client import connect

from tests.support.live import LiveProcess, LiveServer, create_staff, run_command, signed_in
from tests.support.metrics import Exposition
from tests.support.services import CHECKOUT, RedisServer, free_port, require, wait_until

DASHBOARD = CHECKOUT / "docs/deploy/grafana.json"
# In a query: what is followed by ( or { or [ and is no function; labels stand in braces or after `by`.
NAME = re.compile(r"\b((?:pricefeed|process|python)_\w+)")
SELECTOR = re.compile(r"\b((?:pricefeed|process|python)_\w+)\{([^}]*)\}")
OF_PROMETHEUS = {"instance", "job", "le"}


class House(NamedTuple):
    left: LiveServer
    right: LiveServer
    feed: str  # where it serves its metrics


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    var_dir, port, metrics_port = tmp_path_factory.mktemp("measured"), free_port(), free_port()
    with ExitStack() as stack:
        redis = stack.enter_context(RedisServer(require("redis-server")))
        env = environment(redis, port)
        run_command("migrate", env=env, var_dir=var_dir)
        create_staff(var_dir, env)
        stack.enter_context(LiveProcess("simulate", "--port", str(port), "--fault", "clock_skew=2000"))
        arguments = ("runfeed", "--metrics-port", str(metrics_port))
        feed = stack.enter_context(LiveProcess(*arguments, env=env, var_dir=var_dir))
        left = stack.enter_context(LiveServer("--no-feed", env=env, var_dir=var_dir))
        right = stack.enter_context(LiveServer("--no-feed", env=env, var_dir=var_dir))
        left.wait_for_feed("live")
        right.wait_for_feed("live")
        feed.wait_until(
            lambda: f"Metrics on http://127.0.0.1:{metrics_port}/metrics" in feed.stdout, what="its address"
        )
        yield House(left, right, f"http://127.0.0.1:{metrics_port}")


def environment(redis: RedisServer, port: int) -> dict[str, str]:
    return {
        "REDIS_URL": redis.url,
        "SECRET_KEY": "of-this-test-only",
        "BINANCE_STREAM_URL": f"ws://127.0.0.1:{port}",
        "BINANCE_REST_URL": f"http://127.0.0.1:{port}",
    }


def scraped(url: str) -> Exposition:
    return Exposition(httpx.get(f"{url}/metrics", timeout=20).raise_for_status().text)


def status(server: LiveServer, client: httpx.Client | None = None) -> str:
    text = (client or httpx).get(f"{server.url}/status/", timeout=20).raise_for_status().text
    return " ".join(text.split())


def test_each_process_tells_its_own_numbers(house: House) -> None:
    with connect(f"{house.left.ws_url}/ws/prices") as one, connect(f"{house.left.ws_url}/ws/prices") as other:
        for socket in (one, other):
            while json.loads(socket.recv(timeout=20))["type"] != "price_update":
                pass
        left, right, feed = scraped(house.left.url), scraped(house.right.url), scraped(house.feed)

    assert left("pricefeed_web_clients", transport="ws") == 2
    assert right("pricefeed_web_clients", transport="ws") == 0
    assert left("pricefeed_web_frames_written_total", transport="ws") > 0
    for web in (left, right):
        assert web("pricefeed_hop_seconds_count", hop="relayed") > 0
        assert not any(name.startswith("pricefeed_feed_") for name in web.names)
    assert feed("pricefeed_feed_frames_received_total") > 0
    assert feed("pricefeed_feed_state", state="live") == 1
    assert not any(name.startswith("pricefeed_web_") for name in feed.names)


def test_the_exchanges_wrong_clock_is_no_latency(house: House) -> None:
    wait_until(
        lambda: "pricefeed_exchange_clock_offset_seconds" in scraped(house.feed).names, what="its clock measured"
    )
    wait_until(lambda: scraped(house.feed)("pricefeed_hop_seconds_count", hop="received") > 50, what="ticks")
    feed = scraped(house.feed)

    assert feed("pricefeed_exchange_clock_offset_seconds") == pytest.approx(2.0, abs=0.2)
    count, total = (feed(f"pricefeed_hop_seconds_{what}", hop="received") for what in ("count", "sum"))
    assert total / count < 1.0
    assert feed("pricefeed_feed_state", state="stale") == feed("pricefeed_feed_state", state="delayed") == 0


def test_the_feeds_numbers_reach_the_page_of_every_web_process(house: House) -> None:
    for server in (house.left, house.right):
        wait_until(lambda server=server: "s ahead of ours" in status(server), what="the feed's report")  # type: ignore[misc]
        assert "2 web processes serve the pages" in status(server)


def test_clients_of_all_processes_are_counted_on_each_page(house: House) -> None:
    row = r'WebSocket</th><td class="number">(\d+)</td>'
    with connect(f"{house.left.ws_url}/ws/prices"), connect(f"{house.right.ws_url}/ws/prices"):
        for server in (house.left, house.right):
            wait_until(lambda server=server: re.search(row, status(server))[1] == "2", what="both clients")  # type: ignore[misc,index]


def test_staff_see_every_process(house: House) -> None:
    with signed_in(house.left) as staff:
        wait_until(lambda: status(house.left, staff).count("<code>") == 3, what="three processes")


def test_a_process_that_is_gone_leaves_the_page(house: House, tmp_path: Path) -> None:
    gone = LiveServer("--no-feed", env=house.left.env, var_dir=house.left.var_dir)
    with gone:
        wait_until(lambda: "3 web processes" in status(house.left), what="the third")
    began = time.monotonic()
    wait_until(lambda: "2 web processes" in status(house.left), what="two again")

    assert time.monotonic() - began < 20


def test_the_dashboard_asks_for_what_is_exported(house: House) -> None:
    exported = [scraped(house.left.url), scraped(house.feed)]
    names = {name for each in exported for name in each.names}
    asked = queries()

    assert len(asked) > 20
    for query in asked:
        found = NAME.findall(query)
        assert found and set(found) <= names, query
        for name, selector in SELECTOR.findall(query):
            labels = {part.partition("=")[0].strip(" !~") for part in selector.split(",")}
            assert labels <= OF_PROMETHEUS.union(*(each.labels(name) for each in exported)), query


def test_the_dashboard_shows_all_that_is_ours(house: House) -> None:
    ours = {
        name.removesuffix("_bucket").removesuffix("_count").removesuffix("_sum")
        for each in (scraped(house.left.url), scraped(house.feed))
        for name in each.names
        if name.startswith("pricefeed_")
    }
    shown = " ".join(queries())

    assert {name for name in ours if name not in shown} <= {"pricefeed_hop_seconds"}


def queries() -> list[str]:
    board = json.loads(DASHBOARD.read_text())
    assert {panel["datasource"]["uid"] for panel in board["panels"]} == {"${datasource}"}
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    return [target["expr"] for panel in board["panels"] for target in panel["targets"]]
