"""The board as an installed application: it says when nothing can be reached, and never shows an old price as new."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.support.browser import Board
from tests.support.live import LiveServer
from tests.support.services import wait_until

OpenBoard = Callable[..., Board]

PHONE = {"viewport": {"width": 380, "height": 780}, "has_touch": True, "is_mobile": True}
BACK = 60.0  # seconds; the machine may be busy
CONTROLLED = "navigator.serviceWorker.controller !== null"
# Addresses of all that the worker keeps.
KEPT = """async () => {
    const found = [];
    for (const name of await caches.keys()) {
        for (const { url } of await (await caches.open(name)).keys()) found.push(new URL(url).pathname);
    }
    return found;
}"""
MANIFEST_ERRORS = "Page.getInstallabilityErrors"


@pytest.fixture
def live() -> Iterator[LiveServer]:
    with LiveServer("--demo", feed="live") as server:
        yield server


def installed(live: LiveServer, open_board: OpenBoard, **context: Any) -> Board:
    board = open_board(live, **context)
    wait_until(lambda: board.page.evaluate(CONTROLLED), what="the service worker", deadline=BACK)
    board.wait_for_state("LIVE · WebSocket", deadline=BACK)
    return board


def test_without_a_server_a_page_says_since_when_and_comes_back_by_itself(
    live: LiveServer, open_board: OpenBoard
) -> None:
    board = installed(live, open_board, color_scheme="dark", **PHONE)

    live.kill()
    wait_until(lambda: board.is_stale, what="old prices to look old", deadline=30)
    board.open()
    expect(board.page.get_by_role("heading", name="No connection to the server")).to_be_visible()
    expect(board.page.locator("[data-offline-since]")).to_contain_text(re.compile(r"Since .*\d\d"))
    assert board.page.locator("[data-price-table]").count() == 0, "no prices, for they would be old"
    assert board.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(13, 17, 23)"
    board.screenshot("board-without-connection")
    live.start()

    board.wait_for_state("LIVE · WebSocket", deadline=BACK)
    board.wait_for_move()
    assert not board.is_stale


def test_nothing_with_a_price_is_ever_kept(live: LiveServer, open_board: OpenBoard) -> None:
    board = installed(live, open_board)
    board.open()
    board.page.goto(f"{live.url}/alerts/")
    board.page.goto(f"{live.url}/")

    kept = board.page.evaluate(KEPT)

    assert "/offline/" in kept
    others = {path for path in kept if not path.startswith("/static/")} - {"/offline/", "/since"}
    assert not {path for path in others if not path.startswith("/words/")}


def test_a_browser_finds_nothing_that_speaks_against_installing_it(live: LiveServer, open_board: OpenBoard) -> None:
    board = installed(live, open_board)
    devtools = board.context.new_cdp_session(board.page)

    manifest = devtools.send("Page.getAppManifest")

    assert manifest["errors"] == []
    assert manifest["url"] == f"{live.url}/manifest.webmanifest"
    errors = [error["errorId"] for error in devtools.send(MANIFEST_ERRORS)["installabilityErrors"]]
    assert [error for error in errors if error != "in-incognito"] == []  # as every context of Playwright is


def test_another_version_of_a_file_is_another_worker_and_the_old_ones_files_go(
    live: LiveServer, open_board: OpenBoard
) -> None:
    board = installed(live, open_board)
    names = "caches.keys().then((names) => names.filter((name) => name.startsWith('pricefeed-shell-')))"
    (before,) = board.page.evaluate(names)
    (style,) = Path(live.var_dir, "static/market/css").glob("message.*.css")
    assert re.fullmatch(r"message\.[0-9a-f]{12}\.css", style.name), "static files have the hash of their content"

    board.context.add_cookies([{"name": "django_language", "value": "zh-hans", "url": live.url}])
    board.page.evaluate("navigator.serviceWorker.getRegistration().then((worker) => worker.update())")

    wait_until(lambda: before not in board.page.evaluate(names), what="the other version alone", deadline=BACK)
    wait_until(lambda: len(board.page.evaluate(names)) == 1, what="the other version alone", deadline=BACK)
