"""Two web processes: what is done with an alert in one is seen in the other, with and without Redis between them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.support.live import LiveServer, run_command
from tests.support.services import RedisServer

MADE = """
import json
from uuid import uuid4
from django.contrib.auth import get_user_model
from django.test import Client
from market import durable
from market.alert_text import alert_text
from tests.support.alert_rows import alert
client = Client()
client.force_login(get_user_model().objects.create_user("bob", is_staff=True))
rows = [alert(audience="everyone", dedupe=str(uuid4())) for _ in range(2)]
for row in rows:
    durable.store("alerts", alert_text(row))
print(json.dumps([client.cookies["sessionid"].value, [row.pk for row in rows]]))
"""


@pytest.fixture
def processes(redis_server: RedisServer, tmp_path: Path) -> Iterator[list[LiveServer]]:
    env = {"REDIS_URL": redis_server.url, "SECRET_KEY": "of-this-test-and-no-other-" * 3}
    run_command("migrate", "-v0", env=env, var_dir=tmp_path)
    with (
        LiveServer("--no-feed", env=env, var_dir=tmp_path) as one,
        LiveServer("--no-feed", env=env, var_dir=tmp_path) as other,
    ):
        yield [one, other]


async def receive(socket: ClientConnection, kind: str) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = json.loads(await socket.recv())
        if message["type"] == kind:
            return message


async def test_an_alert_and_what_is_done_with_it_are_seen_in_every_process(
    processes: list[LiveServer], redis_server: RedisServer
) -> None:
    one, other = processes
    session, (first, second) = json.loads(
        run_command("shell", "--no-imports", "-c", MADE, env=one.env, var_dir=one.var_dir)
    )
    cookie = {"Cookie": f"sessionid={session}"}
    async with (
        connect(f"{one.ws_url}/ws/prices", additional_headers=cookie) as bob,
        connect(f"{other.ws_url}/ws/prices?since_alert=0") as stranger,
    ):
        assert [(await receive(stranger, "alert"))["alert"]["id"] for _ in range(2)] == [first, second]

        await bob.send(json.dumps({"type": "ack", "alert": first}))
        assert [(await receive(socket, "acked"))["alert"] for socket in (bob, stranger)] == [first, first]

        redis_server.kill()
        await bob.send(json.dumps({"type": "ack", "alert": second}))
        assert [(await receive(socket, "acked"))["alert"] for socket in (bob, stranger)] == [second, second]
