"""`/api/sse/prices` on both servers, over real sockets."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from tests.support.live import SERVERS, LiveServer, live_on

PATH = "/api/sse/prices"


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[LiveServer]:
    with live_on(request.param) as live:
        yield live


class Events:
    """An EventSource: fields of each event as the standard says."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.iter_lines()
        self.last_id = ""

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        kind, data = "message", ""
        for line in self._lines:
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "id":
                self.last_id = value
            elif name == "data":
                data = value
            elif not line and data:
                yield kind, json.loads(data)
                kind, data = "message", ""


def stream(server: LiveServer, query: str = "", **headers: str) -> Any:
    return httpx.stream("GET", f"{server.url}{PATH}{query}", headers=headers, timeout=20)


def first(server: LiveServer, count: int, query: str = "", **headers: str) -> tuple[list[tuple[str, Any]], str]:
    with stream(server, query, **headers) as response, closing(response):
        events = Events(response)
        return [event for event, _ in zip(events, range(count), strict=False)], events.last_id


def test_a_client_is_greeted_and_then_follows(server: LiveServer) -> None:
    events, _ = first(server, 20)

    kinds = [kind for kind, _ in events if kind != "symbols"]  # the exchange may just have verified them
    assert kinds[:2] == ["connected", "status"]
    assert set(kinds[2:]) == {"price"}
    assert events[0][1] == {"message": "connected to the price feed", "protocol": 1}
    assert events[1][1] == {"feed": "live", "source": "simulator"}
    assert {"symbol", "exchange", "price", "change_24h", "timestamp", "source"} <= set(events[2][1])


def test_the_headers_are_those_of_a_stream_that_nobody_may_keep(server: LiveServer) -> None:
    with stream(server) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert "no-cache" in response.headers["cache-control"]
        assert response.headers["x-accel-buffering"] == "no"


def test_the_retry_time_comes_first(server: LiveServer) -> None:
    with stream(server) as response:
        assert next(response.iter_lines()) == "retry: 3000"


def test_only_the_symbols_asked_for_come(server: LiveServer) -> None:
    events, _ = first(server, 6, "?symbols=ETHUSDT,solusdt")

    assert {quote["symbol"] for kind, quote in events if kind == "price"} == {"ETHUSDT", "SOLUSDT"}


def test_coming_back_with_the_last_id_brings_no_snapshot(server: LiveServer) -> None:
    _, cursor = first(server, 4, "?symbols=BTCUSDT,ETHUSDT")

    _, later = first(server, 3, "?symbols=BTCUSDT,ETHUSDT", **{"Last-Event-ID": cursor})

    # The first event of a snapshot would say that nothing is read yet.
    assert later.partition(":")[0] == cursor.partition(":")[0]


def test_whoever_is_cut_off_within_a_batch_comes_back_before_it(server: LiveServer) -> None:
    events, cursor = first(server, 5)

    assert len(events) == 5
    assert cursor == "0:0"


@pytest.mark.parametrize("junk", ["prices:abc", "0x:1", "k:99999999999999999999999", "'; drop", "k" * 3000])
def test_an_unreadable_last_id_brings_a_snapshot(server: LiveServer, junk: str) -> None:
    events, _ = first(server, 18, **{"Last-Event-ID": junk})

    assert len({quote["symbol"] for kind, quote in events if kind == "price"}) == 16


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?symbols=NOSUCH", "unknown_symbol"),
        ("?max_rate=0", "bad_field"),
        ("?max_rate=nan", "bad_field"),
        ("?symbols=" + ",".join(f"S{number}" for number in range(1025)), "too_many_symbols"),
        ("?" + "&".join(f"a{number}=1" for number in range(50)), "bad_field"),
    ],
)
def test_a_bad_query_is_answered_with_a_reason(server: LiveServer, query: str, code: str) -> None:
    response = httpx.get(f"{server.url}{PATH}{query}")

    assert response.status_code == 400
    assert response.json()["error"]["code"] == code


def test_other_methods_are_refused(server: LiveServer) -> None:
    response = httpx.post(f"{server.url}{PATH}", content=b"x")

    assert response.status_code == 405
    assert "GET" in response.headers["allow"]


def test_head_answers_without_a_stream(server: LiveServer) -> None:
    assert httpx.head(f"{server.url}{PATH}").status_code == 200


def test_pages_of_other_origins_are_turned_away(server: LiveServer) -> None:
    assert httpx.get(f"{server.url}{PATH}", headers={"Origin": "https://evil.example"}).status_code == 403


def test_a_client_that_leaves_is_forgotten(server: LiveServer) -> None:
    with stream(server) as response:
        lines = response.iter_lines()
        next(lines)
        assert server.status()["clients"]["sse"] == 1
    server.wait_until(lambda: server.status()["clients"]["sse"] == 0, what="the client to be forgotten")
