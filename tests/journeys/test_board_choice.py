"""What a reader makes of the board: favourites, order, groups, columns, view; kept here or with their account."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import Board
from tests.support.live import LiveServer, signed_in
from tests.support.services import wait_until

OpenBoard = Callable[..., Board]

PHONE = {"viewport": {"width": 380, "height": 780}, "has_touch": True, "is_mobile": True}
# The newest price's dot is there, in the colour of a rise or a fall, within what the chart takes.
DRAWN = """chart => {
    const dot = chart.lastElementChild;
    const { width, height } = chart.getBoundingClientRect();
    const isColoured = getComputedStyle(dot).stroke !== getComputedStyle(document.body).color;
    return /^M[0-9.]+ [0-9.]+h0/.test(dot.getAttribute("d")) && isColoured && width > 50 && height > 10;
}"""
# Sums up every shift of the layout that no reader asked for, from the first paint on.
WATCH_SHIFTS = """
    window.shifted = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
"""
WIDE = {"favourites": ["binance:SOLUSDT"], "order": ["binance:FILUSDT"], "panel": True, "density": "dense"}


@pytest.fixture(scope="module")
def live() -> Iterator[LiveServer]:
    with LiveServer("--demo", feed="live") as server:
        yield server


@pytest.fixture
def staff(live: LiveServer) -> Iterator[httpx.Client]:
    """Logged in with what the console said at the first start."""
    login = re.search(r"Admin login.*: (\S+) / (\S+)", live.stdout)
    assert login is not None
    with signed_in(live, login[1], login[2]) as client:
        yield client


def storage(client: httpx.Client) -> dict[str, Any]:
    """What a browser context needs to be signed in as `client` is."""
    place = {"domain": "127.0.0.1", "path": "/", "expires": -1, "httpOnly": False, "secure": False, "sameSite": "Lax"}
    cookies = [{"name": name, "value": value, **place} for name, value in client.cookies.items()]
    return {"storage_state": {"cookies": cookies, "origins": []}}


def live_board(live: LiveServer, open_board: OpenBoard, **context: Any) -> Board:
    board = open_board(live, **context)
    board.wait_for_state("LIVE · WebSocket")
    return board


def star(page: Page, symbol: str) -> Any:
    return page.locator(f'tr[data-key="binance:{symbol}"] [data-star]')


def grip(page: Page, symbol: str) -> Any:
    return page.locator(f'tr[data-key="binance:{symbol}"] [data-grip]')


def settings(board: Board) -> None:
    board.page.get_by_role("button", name="How the board looks").click()


def test_favourites_stand_first_and_stay_after_a_reload(live: LiveServer, open_board: OpenBoard) -> None:
    board = live_board(live, open_board)
    own = board.symbols

    star(board.page, "SOLUSDT").click()
    star(board.page, "DOGEUSDT").click()
    assert board.symbols[:2] == ["SOLUSDT", "DOGEUSDT"]
    board.page.get_by_role("button", name="Favourites", exact=True).click()
    assert board.symbols == ["SOLUSDT", "DOGEUSDT"]
    board.open()

    wait_until(lambda: board.symbols == ["SOLUSDT", "DOGEUSDT"], what="the favourites alone", deadline=30)
    board.page.get_by_role("button", name="All", exact=True).click()
    star(board.page, "SOLUSDT").click()
    star(board.page, "DOGEUSDT").click()
    assert board.symbols == own
    assert board.page.evaluate("localStorage.length") == 0
    assert board.objections == []


def test_stars_are_reached_by_one_tab_and_the_arrow_keys(live: LiveServer, open_board: OpenBoard) -> None:
    board = live_board(live, open_board)
    keyboard = board.page.keyboard

    star(board.page, board.symbols[0]).focus()
    keyboard.press("ArrowDown")
    keyboard.press("Enter")

    expect(star(board.page, "ETHUSDT")).to_be_focused()
    expect(star(board.page, "ETHUSDT")).to_have_attribute("aria-pressed", "true")
    assert board.page.locator('tbody [data-star][tabindex="0"]').count() == 1
    assert board.symbols[0] == "ETHUSDT"


def test_rows_are_moved_by_keyboard_and_by_hand(live: LiveServer, open_board: OpenBoard) -> None:
    board = live_board(live, open_board)
    board.page.get_by_role("button", name="Arrange", exact=True).click()

    grip(board.page, "BTCUSDT").focus()
    board.page.keyboard.press("ArrowDown")
    board.page.keyboard.press("ArrowDown")
    assert board.symbols[:3] == ["ETHUSDT", "BNBUSDT", "BTCUSDT"]
    expect(grip(board.page, "BTCUSDT")).to_be_focused()
    expect(board.page.locator("[data-announce]")).to_have_text("BTC/USDT is now 3 of 16")
    drag(board.page, "XRPUSDT", "ETHUSDT")
    assert board.symbols[:4] == ["XRPUSDT", "ETHUSDT", "BNBUSDT", "BTCUSDT"]
    board.screenshot("board-arranging")
    board.page.get_by_role("button", name="Done").click()
    expect(board.page.locator("[data-grip]")).to_have_count(0)
    board.open()

    wait_until(lambda: board.symbols[:4] == ["XRPUSDT", "ETHUSDT", "BNBUSDT", "BTCUSDT"], what="the order", deadline=30)
    assert board.objections == []


def drag(page: Page, symbol: str, to: str) -> None:
    handle, goal = grip(page, symbol).bounding_box(), grip(page, to).bounding_box()
    page.mouse.move(handle["x"] + 8, handle["y"] + 8)
    page.mouse.down()
    page.mouse.move(goal["x"] + 8, goal["y"] + 20, steps=12)
    page.mouse.move(goal["x"] + 8, goal["y"] + 4, steps=3)
    page.mouse.up()


def test_groups_of_the_readers_own(live: LiveServer, open_board: OpenBoard) -> None:
    board = live_board(live, open_board, color_scheme="dark", **PHONE)
    board.page.get_by_role("button", name="Arrange", exact=True).click()
    board.page.get_by_label("New group").fill("Layer 1")
    board.page.get_by_role("button", name="Add").click()
    for symbol in ("SOL/USDT", "AVAX/USDT"):
        board.page.get_by_label(f"{symbol} belongs to this group").check()
    board.screenshot("board-group-phone-dark")
    board.page.get_by_role("button", name="Done").click()

    assert board.symbols == ["SOLUSDT", "AVAXUSDT"]
    expect(board.page.locator("[data-count]")).to_have_text("2 of 16 symbols")
    board.page.get_by_role("searchbox").fill("sol")
    assert board.symbols == ["SOLUSDT"]
    board.page.get_by_role("searchbox").fill("")
    board.page.get_by_role("button", name="Arrange", exact=True).click()
    board.page.get_by_role("button", name="Delete group").click()
    assert len(board.symbols) == 16
    assert board.page.evaluate("document.documentElement.scrollWidth") == 380
    assert board.objections == []


def test_columns_density_and_view_are_the_readers(live: LiveServer, open_board: OpenBoard) -> None:
    board = live_board(live, open_board, color_scheme="dark")

    settings(board)
    board.page.get_by_label("Bid", exact=True).uncheck()
    expect(board.cell("BTCUSDT", "bid")).to_be_hidden()
    height = row_height(board)
    board.page.get_by_label("Dense").check()
    assert row_height(board) < height
    board.screenshot("board-settings-dark")
    board.page.get_by_label("Compact").check()
    board.page.keyboard.press("Escape")
    expect(board.cell("BTCUSDT", "high_24h")).to_be_hidden()
    first, second = (board.row(symbol).bounding_box() for symbol in board.symbols[:2])
    assert first and second and first["y"] == second["y"], "tiles stand beside each other"
    board.screenshot("board-compact-dark")
    settings(board)
    board.page.get_by_role("button", name="As it was").click()

    expect(board.cell("BTCUSDT", "bid")).to_be_visible()
    assert board.page.evaluate("localStorage.length") == 0
    assert board.objections == []


def row_height(board: Board) -> float:
    box = board.row("BTCUSDT").bounding_box()
    assert box is not None
    return float(box["height"])


def test_nothing_jumps_where_the_reader_changed_everything(live: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(live, path="/nowhere")
    kept = json.dumps(json.dumps({"account": None, "chosen": WIDE}))
    board.page.add_init_script(f"localStorage.setItem('pricefeed.board', {kept}); {WATCH_SHIFTS}")

    board.open()
    board.wait_for_state("LIVE · WebSocket")
    for _ in range(3):
        board.wait_for_move()

    assert board.symbols[:2] == ["SOLUSDT", "FILUSDT"]
    assert board.page.evaluate("window.shifted") == 0
    board.screenshot("board-panel-light")


def test_charts_are_drawn_for_rows_in_sight(live: LiveServer, open_board: OpenBoard) -> None:
    board = live_board(live, open_board)
    chart = board.cell("BTCUSDT", "spark").locator("svg")
    wait_until(lambda: chart.count() == 1 and chart.evaluate(DRAWN), what="the chart", deadline=30)

    assert board.objections == []


def test_an_account_has_them_on_every_device(live: LiveServer, open_board: OpenBoard, staff: httpx.Client) -> None:
    here = open_board(live, path="/nowhere", **storage(staff))
    kept = json.dumps(json.dumps({"account": None, "chosen": {"favourites": ["binance:SOLUSDT"]}}))
    here.page.add_init_script(
        f"localStorage.seen ?? (localStorage.seen = '1', localStorage.setItem('pricefeed.board', {kept}))"
    )
    here.open()
    here.wait_for_state("LIVE · WebSocket")
    wait_until(
        lambda: preferences(staff) == {"favourites": ["binance:SOLUSDT"]}, what="the account to know", deadline=30
    )

    star(here.page, "DOGEUSDT").click()
    wait_until(lambda: len(preferences(staff)["favourites"]) == 2, what="the account to know", deadline=30)
    there = live_board(live, open_board, **storage(staff))
    wait_until(lambda: there.symbols[:2] == ["SOLUSDT", "DOGEUSDT"], what="the same there", deadline=30)
    settings(there)
    expect(there.page.get_by_text("Kept with your account")).to_be_visible()
    there.context.clear_cookies()
    there.open()

    wait_until(lambda: there.symbols[0] == "BTCUSDT", what="nothing of it left", deadline=30)
    wait_until(lambda: there.page.evaluate("localStorage.length") == 0, what="nothing of it kept", deadline=30)


def preferences(client: httpx.Client) -> Any:
    return client.get("/api/preferences").json()["preferences"]


def test_the_panel_has_the_newest_alerts_and_takes_them_on(
    live: LiveServer, open_board: OpenBoard, staff: httpx.Client
) -> None:
    fields = {"condition": "above", "threshold": "1", "rearm": "0.001", "rearm_unit": "percent", "hold_seconds": "0"}
    fields |= {"frequency": "once", "fire_if_holds": "on", "severity": "critical", "audience": "everyone"}
    fields |= {"enabled": "on", "time_zone": "UTC", "upper": "", "note": "panel"}
    listed = staff.get("/admin/market/watchedsymbol/")
    row = re.search(r'watchedsymbol/(\d+)/change/[^"]*">BTCUSDT<', listed.text)
    assert row is not None, f"{listed.status_code} {listed.text[:2000]}"
    board = live_board(live, open_board, **storage(staff))
    board.page.get_by_role("button", name="Panel of the newest alerts").click()
    token = {"csrfmiddlewaretoken": staff.cookies["csrftoken"]}
    answer = staff.post("/admin/market/alertrule/add/", data={**fields, "watched": row[1], **token})
    assert answer.status_code == 302, re.findall(r"errorlist[^>]*>.*?</ul>", answer.text)

    line = board.page.locator("[data-panel-list] [data-alert]").filter(has_text="BTCUSDT").first
    expect(line).to_be_visible(timeout=30_000)
    board.screenshot("board-panel-alert")
    line.get_by_role("button", name="Acknowledge").click()

    expect(line.locator("[data-state]")).to_have_text("acknowledged", timeout=30_000)
    expect(line.get_by_role("button", name="Acknowledge")).to_be_hidden()
    board.page.get_by_role("button", name="Panel of the newest alerts").click()
    expect(board.page.locator("[data-panel]")).to_be_hidden()
