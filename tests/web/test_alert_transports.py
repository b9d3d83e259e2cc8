"""Alerts over WebSocket and SSE on both servers, over real sockets."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.support.live import SERVERS, LiveServer, live_on, run_command

# Two users with sessions.
PEOPLE = """
import json
from django.contrib.auth import get_user_model
from django.test import Client
def session(name, **rights):
    client = Client()
    client.force_login(get_user_model().objects.create_user(name, **rights))
    return client.cookies["sessionid"].value
people = {"alice": session("alice"), "bob": session("bob", is_staff=True)}
"""
# Alerts as the feed writes them.
ALERTS = """
import json
from uuid import uuid4
from market import durable
from market.alert_text import alert_text
from tests.support.alert_rows import alert
rows = [alert(audience=audience, dedupe=str(uuid4())) for audience in ("everyone", "signed_in", "staff")]
for row in rows:
    durable.store("alerts", alert_text(row))
alerts = [row.pk for row in rows]
"""


def run(server: LiveServer, code: str) -> Any:
    return json.loads(run_command("shell", "--no-imports", "-c", code, var_dir=server.var_dir))


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[LiveServer]:
    with live_on(request.param) as live:
        yield live


@pytest.fixture(scope="module")
def made(server: LiveServer) -> Any:
    return run(server, f"{PEOPLE}{ALERTS}print(json.dumps([people, alerts]))")


@pytest.fixture(scope="module")
def people(made: Any) -> dict[str, str]:
    """Session keys by name."""
    sessions: dict[str, str] = made[0]
    return sessions


@pytest.fixture(scope="module")
def alerts(made: Any) -> list[int]:
    """Ids of an alert for everybody, one for who is signed in, one for staff."""
    numbers: list[int] = made[1]
    return numbers


def socket(server: LiveServer, session: str = "", query: str = "") -> Any:
    headers = {"Cookie": f"sessionid={session}"} if session else {}
    return connect(f"{server.ws_url}/ws/prices?symbols=BTCUSDT{query}", additional_headers=headers)


async def receive(socket: ClientConnection, *kinds: str) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = json.loads(await socket.recv())
        if message["type"] in kinds:
            return message


async def numbers(socket: ClientConnection, count: int) -> list[int]:
    return [(await receive(socket, "alert"))["alert"]["id"] for _ in range(count)]


async def test_each_gets_what_it_may_see_once(server: LiveServer, people: dict[str, str], alerts: list[int]) -> None:
    async with (
        socket(server, query="&since_alert=0") as stranger,
        socket(server, people["alice"], "&since_alert=0") as alice,
        socket(server, people["bob"], "&since_alert=0") as bob,
    ):
        assert await numbers(stranger, 1) == alerts[:1]
        assert await numbers(alice, 2) == alerts[:2]
        assert await numbers(bob, 3) == alerts
        fresh = await asyncio.to_thread(run, server, f"{ALERTS}print(json.dumps(alerts))")

        assert await numbers(bob, 3) == fresh
        assert await numbers(alice, 2) == fresh[:2]
        assert await numbers(stranger, 1) == fresh[:1]
    async with socket(server, people["bob"], f"&since_alert={fresh[0]}") as bob:
        assert await numbers(bob, 2) == fresh[1:]


async def test_acknowledging_is_seen_by_all(server: LiveServer, people: dict[str, str], alerts: list[int]) -> None:
    async with socket(server) as stranger, socket(server, people["bob"]) as bob:
        await bob.send(json.dumps({"type": "ack", "alert": alerts[0]}))
        acked = [await receive(client, "acked") for client in (stranger, bob)]
        await bob.send(json.dumps({"type": "ack", "alert": alerts[0]}))
        again = await receive(bob, "acked", "error")
        await bob.send(json.dumps({"type": "snooze", "alert": alerts[0], "minutes": 15}))
        snoozed = await receive(stranger, "snoozed")

    assert [(message["alert"], message["by"]) for message in (*acked, again)] == [(alerts[0], "bob")] * 3
    assert (snoozed["alert"], snoozed["by"], snoozed["until"][-1]) == (alerts[0], "bob", "Z")


async def test_who_may_not_or_says_nonsense_is_told(
    server: LiveServer, people: dict[str, str], alerts: list[int]
) -> None:
    public, members, staff = alerts
    async with socket(server) as stranger, socket(server, people["alice"]) as alice:
        for client, message, code in (
            (stranger, {"type": "ack", "alert": public}, "forbidden"),
            (stranger, {"type": "ack", "alert": members}, "not_found"),
            (alice, {"type": "snooze", "alert": members, "minutes": 5}, "forbidden"),
            (alice, {"type": "ack", "alert": staff}, "not_found"),
            (alice, {"type": "ack", "alert": 10**17}, "not_found"),
            (alice, {"type": "ack", "alert": "17"}, "bad_field"),
            (alice, {"type": "snooze", "alert": members}, "bad_field"),
            (alice, {"type": "snooze", "alert": members, "minutes": 10**6}, "bad_field"),
        ):
            await client.send(json.dumps(message))
            assert (await receive(client, "error"))["code"] == code


def test_the_event_stream_has_them_too(server: LiveServer, people: dict[str, str], alerts: list[int]) -> None:
    url = f"{server.url}/api/sse/prices?symbols=BTCUSDT&since_alert=0"
    with httpx.stream("GET", url, cookies={"sessionid": people["alice"]}, timeout=20) as response:
        lines = response.iter_lines()
        came = [json.loads(next(lines).removeprefix("data: ")) for line in lines_of(lines, "event: alert", 2)]

    assert [alert["id"] for alert in came] == alerts[:2]
    assert {"symbol", "severity", "text", "price", "timestamp", "acknowledged"} <= set(came[0])


def lines_of(lines: Iterator[str], wanted: str, count: int) -> Iterator[str]:
    for line in lines:
        if line == wanted:
            yield line
            count -= 1
            if not count:
                return


async def test_a_since_alert_that_is_no_id_is_refused(server: LiveServer) -> None:
    async with socket(server, query="&since_alert=x") as client:
        assert (await receive(client, "error"))["code"] == "bad_field"
    assert httpx.get(f"{server.url}/api/sse/prices?since_alert=x").status_code == 400
