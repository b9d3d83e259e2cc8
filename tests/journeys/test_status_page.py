"""The status page in a real browser: it draws, keeps itself new, and is complete without JavaScript."""

import re
from collections import deque
from collections.abc import Iterator
from datetime import datetime
from threading import Thread
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect
from websockets.sync.client import connect

from tests.journeys.conftest import OpenBoard
from tests.support.live import LiveServer
from tests.support.services import wait_until

ROWS = 5  # hops of a price
SIZES = [(380, "light"), (380, "dark"), (1280, "light"), (1280, "dark")]
# Whether the bars lie within their picture.
DRAWN = """() => [...document.querySelectorAll('.hop-chart')].map(chart => {
    const frame = chart.getBoundingClientRect(), bars = chart.querySelector('.hop-range').getBoundingClientRect();
    const isInside = bars.top >= frame.top - 1 && bars.bottom <= frame.bottom + 1 && bars.right <= frame.right + 1;
    return [frame.width > 100 && frame.height > 40, isInside];
})"""


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    """With somebody to write to."""
    with (
        LiveServer("--demo", "--simulator-rate", "5", feed="live") as server,
        connect(f"{server.ws_url}/ws/prices") as socket,
    ):
        reader = Thread(target=deque, args=(socket, 0))
        reader.start()
        yield server
        socket.close()
        reader.join()


def measured(page: Page) -> list[int]:
    """How often each hop was measured."""
    cells = page.locator('[data-cell="count"]').all_inner_texts()
    return [int(re.findall(r"[\d,]+$", cell.strip())[0].replace(",", "")) for cell in cells]


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_it_fits_and_nothing_is_objected_to(width: int, scheme: str, server: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(
        server, path="/status/", viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    wait_until(lambda: min(measured(board.page)) > 20, what="every hop measured")

    assert board.page.evaluate("document.documentElement.scrollWidth") <= width
    assert board.page.evaluate(DRAWN) == [[True, True]] * ROWS
    assert board.objections == []
    board.screenshot(f"status-{width}-{scheme}")


def test_it_keeps_itself_new_and_leaves_alone_what_somebody_reads(server: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(server, path="/status/")
    details = board.page.locator("details.hop-slots")
    details.locator("summary").click()
    before = measured(board.page)
    board.page.locator("h1").click()  # takes the focus away

    wait_until(lambda: measured(board.page)[0] > before[0], what="newer numbers")

    expect(details).to_have_attribute("open", "")
    expect(details.locator("tbody tr").first).to_contain_text("ms")


def test_its_time_is_the_readers(server: LiveServer, open_board: OpenBoard) -> None:
    shown = open_board(server, path="/status/", timezone_id="Asia/Kathmandu").page.locator(".status-state time")

    def is_local() -> bool:
        moment, words = shown.evaluate("time => [time.dateTime, time.textContent]")
        return bool(words == f"{datetime.fromisoformat(moment).astimezone(ZoneInfo('Asia/Kathmandu')):%H:%M:%S}")

    wait_until(is_local, what="local time")
    expect(shown).not_to_have_attribute("datetime", shown.get_attribute("datetime") or "", timeout=30_000)
    assert is_local()


def test_it_says_when_the_server_is_gone_and_recovers(server: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(server, path="/status/")
    lost = board.page.locator("[data-lost]")
    expect(lost).to_be_hidden()

    board.page.route("**/status/", lambda route: route.abort())
    expect(lost).to_be_visible(timeout=20_000)
    board.page.unroute("**/status/")
    expect(lost).to_be_hidden(timeout=20_000)


def test_it_is_complete_without_javascript(server: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(server, path="/status/", java_script_enabled=False)

    expect(board.page.locator(".hop-chart")).to_have_count(ROWS)
    expect(board.page.get_by_role("link", name="Load newer ones")).to_be_visible()
    expect(board.page.locator(".fresh li")).to_have_count(16)


def test_the_board_leads_to_it(server: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(server)
    board.page.get_by_role("contentinfo").get_by_role("link", name="Status").click()

    expect(board.page.get_by_role("heading", name="How long prices take")).to_be_visible()
    expect(board.page.get_by_role("heading", name="Processes")).to_have_count(0)
