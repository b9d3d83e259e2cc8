"""The board with hundreds of rows that move, in a real browser that scrolls: nothing jumps."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from playwright.sync_api import expect

from tests.support.browser import Board
from tests.support.live import LiveServer
from tests.support.services import wait_until

OpenBoard = Callable[..., Board]

NOTCHES = 40
WATCH_SHIFTS = """
    window.shifted = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
"""
# Each row in the window has its chart.
DRAWN = """() => {
    const isSeen = (row) => row.getBoundingClientRect().top > 0 && row.getBoundingClientRect().bottom < innerHeight;
    const rows = [...document.querySelectorAll("tbody tr")].filter(isSeen);
    const dots = rows.map((row) => row.querySelector("path + path"));
    return dots.length > 5 && dots.every((dot) => dot?.getAttribute("d"));
}"""
FLASH = "cell => getComputedStyle(cell.firstElementChild).backgroundColor"


@pytest.fixture(scope="module")
def live() -> Iterator[LiveServer]:
    with LiveServer("--demo", "--simulator-symbols", "500", feed="live") as server:
        yield server


def test_nothing_jumps_while_hundreds_of_rows_move_and_are_scrolled(live: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(live, path="/nowhere")
    board.page.add_init_script(WATCH_SHIFTS)
    board.open()
    board.wait_for_state("LIVE · WebSocket")

    board.page.mouse.move(600, 500)
    for _ in range(NOTCHES):
        board.page.mouse.wheel(0, 300)
        board.page.wait_for_timeout(30)

    board.page.wait_for_function(DRAWN)
    height = board.page.evaluate("document.documentElement.scrollHeight")
    assert board.page.evaluate("scrollY") > 1000
    assert board.page.evaluate("window.shifted") == 0
    board.page.keyboard.press("End")
    board.page.wait_for_function(DRAWN)
    assert board.page.evaluate("document.documentElement.scrollHeight") == height


def test_a_price_that_moved_flashes_and_the_flash_ends(live: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(live)
    board.wait_for_state("LIVE · WebSocket")

    def is_seen(step: str) -> bool:
        price = board.page.locator(f'[data-cell="price"][data-flash="{step}"]').first
        return bool(price.count() and price.evaluate(FLASH) != "rgba(0, 0, 0, 0)")

    for step in ("0", "1", "2", "3"):
        wait_until(partial(is_seen, step), what=f"step {step} of a flash")
    board.page.context.set_offline(True)
    expect(board.page.locator("[data-flash]")).to_have_count(0)
