"""From the exchange to a client of every kind, on uvicorn and on Daphne: one path, one cursor."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.support.live import SERVERS, LiveServer, create_staff, live_on, signed_in


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[LiveServer]:
    with live_on(request.param) as live:
        yield live


@pytest.fixture(scope="module")
def staff(server: LiveServer) -> Iterator[httpx.Client]:
    """A signed-in member of staff."""
    create_staff(server.var_dir)
    with signed_in(server) as client:
        yield client


def next_message(ws: ClientConnection, kind: str) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = json.loads(ws.recv(timeout=20))
        if message["type"] == kind:
            return message


def events(response: httpx.Response) -> Iterator[dict[str, str]]:
    """The events of an open stream, as their fields."""
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        name, _, value = line.partition(": ")
        if line:
            fields[name] = value
        elif fields.get("data"):
            yield fields
            fields = {}


def test_a_cursor_of_one_lane_is_good_on_all(server: LiveServer) -> None:
    with connect(f"{server.ws_url}/ws/prices") as ws:
        snapshot = next_message(ws, "snapshot")
    cursor = snapshot["cursor"]
    epoch, seq = cursor.split(":")

    poll = httpx.get(f"{server.url}/api/prices", params={"since": cursor, "wait": 10}, timeout=20).json()
    with connect(f"{server.ws_url}/ws/prices?since={poll['cursor']}") as ws:
        update = next_message(ws, "price_update")
    headers = {"Last-Event-ID": update["cursor"]}
    with httpx.stream("GET", f"{server.url}/api/sse/prices", headers=headers, timeout=20) as stream:
        price = next(event for event in events(stream) if event["event"] == "price")

    cursors = [cursor, poll["cursor"], update["cursor"], price["id"]]
    assert {text.split(":")[0] for text in cursors} == {epoch}
    assert sorted(cursors, key=lambda text: int(text.split(":")[1])) == cursors
    changed = [quote["symbol"] for quote in poll["data"]]
    assert 0 < len(changed) == len(set(changed))


def test_the_same_quote_is_the_same_on_every_lane(server: LiveServer) -> None:
    """Whichever lane is first, the text of one symbol at one exchange time is one text."""
    seen: dict[str, set[str]] = {}

    def note(quote: dict[str, Any]) -> None:
        seen.setdefault(quote["timestamp"], set()).add(
            json.dumps({name: quote[name] for name in ("price", "change_24h")})
        )

    with (
        connect(f"{server.ws_url}/ws/prices?symbols=BTCUSDT") as ws,
        httpx.stream("GET", f"{server.url}/api/sse/prices?symbols=BTCUSDT", timeout=20) as stream,
    ):
        prices = (json.loads(event["data"]) for event in events(stream) if event["event"] == "price")
        for _ in range(4):
            note(next_message(ws, "price_update")["data"][0])
            note(next(prices))
            note(httpx.get(f"{server.url}/api/prices?symbols=BTCUSDT").json()["data"][0])

    assert seen and all(len(texts) == 1 for texts in seen.values())


def test_durable_events_are_numbered_and_can_be_resumed(server: LiveServer) -> None:
    def two_updates(**headers: str) -> list[dict[str, str]]:
        with httpx.stream("GET", f"{server.url}/events/?channels=prices", headers=headers, timeout=30) as stream:
            updates = (event for event in events(stream) if event["event"] == "price_update")
            return [next(updates), next(updates)]

    before = two_updates()
    after = two_updates(**{"Last-Event-ID": before[-1]["id"]})

    numbers = [int(event["id"].removeprefix("prices:")) for event in before + after]
    assert numbers == list(range(numbers[0], numbers[0] + 4))
    assert json.loads(after[0]["data"])["data"]


def test_a_test_broadcast_reaches_clients_and_is_never_the_price(server: LiveServer, staff: httpx.Client) -> None:
    with connect(f"{server.ws_url}/ws/prices?symbols=BTCUSDT") as ws:
        next_message(ws, "snapshot")
        answer = staff.post("/api/sse/test-broadcast", json={"symbol": "BTCUSDT", "price": 1.25, "change_24h": 2.5})

        while True:
            quote = next_message(ws, "price_update")["data"][-1]
            if quote["source"] == "test":
                break
    held = httpx.get(f"{server.url}/api/prices?symbols=BTCUSDT").json()["data"][0]

    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["round_trip_ms"] < 2000
    assert (quote["price"], quote["change_24h"]) == (1.25, 2.5)
    assert (held["source"], held["price"] > 1000) == ("simulator", True)


def test_without_the_forms_token_it_is_refused(server: LiveServer, staff: httpx.Client) -> None:
    answer = staff.post("/api/sse/test-broadcast", json={"symbol": "BTCUSDT", "price": 1}, headers={"X-CSRFToken": "x"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "csrf_failed")


HOSTILE = [
    b"GET /api/prices HTTP/1.1\r\nHost: localhost\r\nDaphne-Root-Path: /evil\r\n",
    b"GET /events/ HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: prices:abc\r\n",
    b"GET /events/?es-meta=x.y.z HTTP/1.1\r\nHost: localhost\r\n",
    b"GET /events/?recover=true HTTP/1.1\r\nHost: localhost\r\n",
    b"GET /events/?channels=%00,%ff HTTP/1.1\r\nHost: localhost\r\n",
    b"GET /api/prices HTTP/1.1\r\nHost: localhost\r\n" + b"X-Forwarded-For: 1.2.3.4\r\n" * 50,
    b"GET /api/prices?symbols=%ff%fe HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: \xff\xfe\r\n",
    b"GET /api/%ff%00/.. HTTP/1.1\r\nHost: localhost\r\n",
    b"GET /api/prices HTTP/1.1\r\nHost: localhost\r\nOrigin: http://[bad\r\n",
    b"GET /api/sse/prices HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: \xf0\x9f\r\n",
    b"GET /api/prices HTTP/1.1\r\nHost: \xff\r\n",
    b"GET /api/prices HTTP/1.1\r\n",
    b"BREW /api/prices HTTP/1.1\r\nHost: localhost\r\n",
    b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nDaphne-Root-Path: /nowhere\r\n",
    b"POST /api/sse/test-broadcast HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n{",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
]


@pytest.mark.parametrize("request_bytes", HOSTILE, ids=[str(number) for number in range(len(HOSTILE))])
def test_hostile_requests_get_no_500_and_leave_no_traceback(server: LiveServer, request_bytes: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(request_bytes + b"\r\n\r\n")
        head = connection.recv(4096)

    assert not head or head.split(b" ")[1][:1] in (b"2", b"3", b"4"), head
    assert "Traceback" not in server.stderr
    assert server.status()["feed"] == "live"


def test_a_hundred_clients_that_come_and_go_are_forgotten(server: LiveServer) -> None:
    for _ in range(100):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            connection.sendall(b"GET /events/?channels=status HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(4096)

    server.wait_until(lambda: server.status()["clients"]["events"] == 0, what="all forgotten")
