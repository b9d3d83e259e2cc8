"""A browser for all journeys, and boards in it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.browser import Board, chromium_browser
from tests.support.live import LiveServer

OpenBoard = Callable[..., Board]


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """One for each file, which then has no async tests: Playwright's loop runs while it is open, and stops theirs."""
    with chromium_browser(chromium) as browser:
        yield browser


@pytest.fixture
def open_board(browser: Browser) -> Iterator[OpenBoard]:
    """`open_board(server)` shows its board in a new window; keywords are Playwright's for a browser context."""
    boards: list[Board] = []

    def open_board(server: LiveServer, *, path: str = "/", **context: Any) -> Board:
        boards.append(Board(browser, server.url, **context))
        return boards[-1].open(path)

    yield open_board
    for board in boards:
        board.close()
