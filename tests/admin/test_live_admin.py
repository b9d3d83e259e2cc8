"""The admin of a running installation: what staff change there, connected clients see within 2 s."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from websockets.sync.client import ClientConnection, connect

from tests.support.live import LiveServer

LIST = "/admin/market/watchedsymbol/"
IN_TIME = 2.0  # seconds
DEADLINE = 30.0


@pytest.fixture(scope="module")
def live() -> Iterator[LiveServer]:
    with LiveServer("--demo", feed="live") as server:
        yield server


@pytest.fixture
def socket(live: LiveServer) -> Iterator[ClientConnection]:
    with connect(f"{live.ws_url}/ws/prices", proxy=None) as socket:
        await_message(socket, type="snapshot")
        yield socket


@pytest.fixture
def staff(live: LiveServer) -> Iterator[httpx.Client]:
    """The first admin, logged in with what the console said."""
    with httpx.Client(base_url=live.url, follow_redirects=True, timeout=DEADLINE) as client:
        name, password = login(live)
        send(client, "/admin/login/", username=name, password=password)
        assert "sessionid" in client.cookies
        yield client


def login(live: LiveServer) -> tuple[str, str]:
    found = re.search(r"Admin login.*: (\S+) / (\S+)", live.stdout)
    assert found is not None
    return found[1], found[2]


def send(client: httpx.Client, path: str, **fields: str) -> str:
    client.get(path)
    form = {**fields, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
    answer = client.post(path, data=form, headers={"Referer": str(client.base_url.join(path))})
    assert answer.status_code == 200
    return answer.text


def await_message(socket: ClientConnection, **fields: Any) -> dict[str, Any]:
    """The next message that has these fields."""
    end = time.monotonic() + DEADLINE
    while True:
        message: dict[str, Any] = json.loads(socket.recv(end - time.monotonic()))
        if fields.items() <= message.items():
            return message


def await_price(socket: ClientConnection, symbol: str, *, source: str) -> dict[str, Any]:
    while True:
        message = await_message(socket, type="price_update")
        for quote in message["data"]:
            if (quote["symbol"], quote["source"]) == (symbol, source):
                return dict(quote)


def add(staff: httpx.Client, symbol: str) -> str:
    fields = {"exchange": "binance", "symbol": symbol, "enabled": "on", "position": "50"}
    return send(staff, f"{LIST}add/", every_trade="False", **fields)


def row_of(staff: httpx.Client, symbol: str) -> str:
    found = re.search(rf'watchedsymbol/(\d+)/change/[^"]*">{symbol}<', staff.get(LIST).text)
    assert found is not None
    return found[1]


def test_an_added_and_a_disabled_symbol_reach_clients_in_time(staff: httpx.Client, socket: ClientConnection) -> None:
    add(staff, " 币安人生usdt ")
    added_at = time.monotonic()
    message = await_message(socket, type="symbols")
    assert time.monotonic() - added_at < IN_TIME
    assert [named(entry) for entry in message["added"]] == ["币安人生USDT"]
    assert await_price(socket, "币安人生USDT", source="simulator")["price"] > 0

    page = send(staff, LIST, action="disable", _selected_action=row_of(staff, "币安人生USDT"), index="0")
    disabled_at = time.monotonic()
    message = await_message(socket, type="symbols")

    assert "1 symbol disabled." in page
    assert time.monotonic() - disabled_at < IN_TIME
    assert [named(entry) for entry in message["removed"]] == ["币安人生USDT"]


def named(entry: Any) -> str:
    return str(entry["symbol"] if isinstance(entry, dict) else entry)


def test_a_test_broadcast_reaches_clients_marked_as_a_test(staff: httpx.Client, socket: ClientConnection) -> None:
    path = f"{LIST}test-broadcast/"

    page = send(staff, path, symbol=row_of(staff, "BTCUSDT"), price="12345.67", change_24h="1.5")

    assert "Test broadcast sent" in page
    quote = await_price(socket, "BTCUSDT", source="test")
    assert (quote["price"], quote["change_24h"]) == (12345.67, 1.5)


def test_the_feed_verifies_the_default_symbols(live: LiveServer, staff: httpx.Client) -> None:
    def verified() -> bool:
        return "BTCUSDT" in staff.get(LIST, params={"status": "trading", "q": "BTC"}).text

    live.wait_until(verified, what="BTCUSDT is verified")


@pytest.fixture
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium), args=["--no-sandbox"])
        yield browser
        browser.close()


def test_a_browser_has_nothing_to_object_to(live: LiveServer, browser: Browser) -> None:
    page = browser.new_page()
    objections: list[str] = []
    page.on("console", lambda message: objections.append(message.text))
    page.on("pageerror", lambda error: objections.append(str(error)))

    sign_in(page, live)
    for path in ("", LIST, f"{LIST}add/", f"{LIST}test-broadcast/"):
        page.goto(live.url + (path or "/admin/"))
    page.goto(live.url + LIST)
    page.get_by_role("checkbox", name="Select all").first.check()

    assert page.locator(".action-counter").first.inner_text().endswith(" selected")
    assert objections == []


def sign_in(page: Page, live: LiveServer) -> None:
    name, password = login(live)
    page.goto(f"{live.url}/admin/")
    page.fill("#id_username", name)
    page.fill("#id_password", password)
    page.click("input[type=submit]")
    page.wait_for_url(f"{live.url}/admin/")
