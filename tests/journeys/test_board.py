"""The board in a real browser, fed by the simulator through the whole path."""

import re
import sqlite3
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.browser import Board
from tests.support.live import LiveServer
from tests.support.services import wait_until

OpenBoard = Callable[..., Board]

IN_TIME = 2.0  # seconds from a change of the list to every board
PHONE = {"viewport": {"width": 380, "height": 780}, "has_touch": True, "is_mobile": True}
# Sums up every shift of the layout that no reader asked for, from the first paint on.
WATCH_SHIFTS = """
    window.shifted = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture(scope="module")
def live() -> Iterator[LiveServer]:
    with LiveServer("--demo", feed="live") as server:
        yield server


@pytest.fixture
def staff(live: LiveServer) -> Iterator[httpx.Client]:
    """Logged in with what the console said at the first start."""
    login = re.search(r"Admin login.*: (\S+) / (\S+)", live.stdout)
    assert login is not None
    with httpx.Client(base_url=live.url, follow_redirects=True, timeout=30) as client:
        post(client, "/admin/login/", username=login[1], password=login[2])
        yield client


def post(client: httpx.Client, path: str, **fields: str) -> None:
    client.get(path)
    fields["csrfmiddlewaretoken"] = client.cookies["csrftoken"]
    answer = client.post(path, data=fields, headers={"Referer": str(client.base_url.join(path))})
    assert answer.status_code == 200


def set_enabled(client: httpx.Client, symbol: str, action: str) -> float:
    """What a click in the administration does; when it was done."""
    path = "/admin/market/watchedsymbol/"
    row = re.search(rf'watchedsymbol/(\d+)/change/[^"]*">{symbol}<', client.get(path).text)
    assert row is not None
    post(client, path, action=action, _selected_action=row[1], index="0")
    return time.monotonic()


def test_prices_move_and_the_browser_has_nothing_to_object_to(live: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(live)

    board.wait_for_state("LIVE · WebSocket")
    board.wait_for_move()

    expect(board.page.locator("[data-direction]").first).to_have_attribute("data-direction", re.compile("up|down"))
    expect(board.page.locator("[data-source-note]:visible")).to_contain_text("SIMULATED")
    assert re.fullmatch(r"\d+\.\d\d", board.price("BTCUSDT"))
    assert not board.is_stale
    board.screenshot("board-light")
    assert board.objections == []


def test_nothing_jumps_while_prices_move(live: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(live, path="/nowhere")
    board.page.add_init_script(WATCH_SHIFTS)

    board.open()
    board.wait_for_state("LIVE · WebSocket")
    for _ in range(3):
        board.wait_for_move()

    assert board.page.evaluate("window.shifted") == 0


def test_it_is_complete_without_javascript(live: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(live, java_script_enabled=False)

    expect(board.page.locator("tbody tr")).to_have_count(16)
    assert float(board.price("BTCUSDT")) > 0
    expect(board.page.get_by_text("These prices stand still")).to_be_visible()
    expect(board.page.get_by_role("searchbox")).to_be_hidden()
    first = board.page.locator("tbody").inner_text()
    wait_until(lambda: reloaded(board) != first, what="newer prices after a reload", deadline=30)


def reloaded(board: Board) -> str:
    board.page.get_by_role("link", name="Load newer ones").click()
    return board.page.locator("tbody").inner_text()


def test_a_disabled_symbol_goes_and_an_enabled_one_comes_back_in_its_place(
    live: LiveServer, open_board: OpenBoard, staff: httpx.Client
) -> None:
    board = open_board(live)
    board.wait_for_state("LIVE · WebSocket")
    before = board.symbols

    disabled_at = set_enabled(staff, "SOLUSDT", "disable")
    wait_until(lambda: "SOLUSDT" not in board.symbols, what="the row to go", deadline=30)
    assert time.monotonic() - disabled_at < IN_TIME
    expect(board.page.locator("[data-count]")).to_have_text("15 symbols")
    enabled_at = set_enabled(staff, "SOLUSDT", "enable")
    wait_until(lambda: board.symbols == before, what="the row to come back", deadline=30)

    assert time.monotonic() - enabled_at < IN_TIME
    wait_until(lambda: board.price("SOLUSDT") != "–", what="its price", deadline=30)
    assert board.row("SOLUSDT").locator("th").inner_text() == "SOL/USDT"
    assert board.objections == []


def test_a_test_broadcast_is_marked_and_then_the_market_returns(
    live: LiveServer, open_board: OpenBoard, staff: httpx.Client
) -> None:
    board = open_board(live)
    board.wait_for_state("LIVE · WebSocket")

    broadcast = {"symbol": "BTCUSDT", "price": 12345.67, "change_24h": 2.5}
    headers = {"X-CSRFToken": staff.cookies["csrftoken"], "Referer": live.url}
    assert staff.post("/api/sse/test-broadcast", json=broadcast, headers=headers).status_code == 200

    wait_until(lambda: board.mark("BTCUSDT") == "TEST", what="the mark", deadline=10)
    assert board.price("BTCUSDT") == "12345.67"
    assert board.cell("BTCUSDT", "change_24h").inner_text().startswith("+2.50")
    board.screenshot("board-test")
    wait_until(lambda: board.mark("BTCUSDT") == "", what="the market's price", deadline=10)
    assert board.price("BTCUSDT") != "12345.67"


def test_everything_can_be_reached_by_keyboard(live: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(live)
    board.wait_for_state("LIVE · WebSocket")
    keyboard = board.page.keyboard

    keyboard.press("Tab")
    expect(board.page.get_by_role("link", name="Skip to the prices")).to_be_focused()
    keyboard.press("/")
    expect(board.page.get_by_role("searchbox")).to_be_focused()
    keyboard.type("eth")
    assert board.symbols == ["ETHUSDT"]
    expect(board.page.locator("[data-count]")).to_have_text("1 of 16 symbols")
    keyboard.press("Escape")
    assert len(board.symbols) == 16
    price = board.page.get_by_role("columnheader", name="Price").get_by_role("button")
    for _ in range(8):  # groups, and the head of the table before it
        keyboard.press("Tab")
        if price.evaluate("button => button === document.activeElement"):
            break
    expect(price).to_be_focused()
    keyboard.press("Enter")

    expect(board.page.get_by_role("columnheader", name="Price")).to_have_attribute("aria-sort", "descending")
    prices = board.numbers("price")
    assert prices == sorted(prices, reverse=True)
    expect(board.page.locator("[data-announce]")).to_have_text("Sorted by Price, largest first")


def test_rows_stay_where_they_were_sorted_until_asked_again(live: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(live)
    board.wait_for_state("LIVE · WebSocket")
    change = board.page.get_by_role("button", name="24 h")
    own = board.symbols

    changes = board.numbers("change_24h", click="change_24h")
    chosen = board.symbols
    assert changes == sorted(changes, reverse=True)
    for _ in range(3):
        board.wait_for_move()
        assert board.symbols == chosen
    change.click()
    expect(board.page.get_by_role("columnheader", name="24 h")).to_have_attribute("aria-sort", "ascending")
    change.click()

    assert board.symbols == own
    assert board.page.locator("[aria-sort]").count() == 0


def test_a_phone_shows_it_without_scrolling_sideways(live: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(live, color_scheme="dark", **PHONE)
    board.wait_for_state("LIVE · WebSocket")

    assert board.page.evaluate("document.documentElement.scrollWidth") == 380
    assert board.page.evaluate("document.scrollingElement.scrollWidth") == 380
    for name in ("price", "change_24h", "at"):
        expect(board.cell("BTCUSDT", name)).to_be_visible()
        box = board.cell("BTCUSDT", name).bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 380
    board.screenshot("board-phone-dark")


def test_nothing_is_cut_off_at_any_width(live: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(live)
    board.wait_for_state("LIVE · WebSocket")

    for width in (1920, 1280, 1249, 1247, 1024, 961, 959, 700, 545, 543, 414, 401, 399, 380, 369, 367, 320):
        board.page.set_viewport_size({"width": width, "height": 700})
        assert board.page.evaluate("document.documentElement.scrollWidth") == width
        assert board.cut_off() == [], f"at {width} px"


def test_colours_follow_the_system_until_the_reader_chooses(live: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(live, color_scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = board.page.evaluate(paper)

    board.page.get_by_role("button", name="Change between light and dark").click()
    light = board.page.evaluate(paper)
    board.open()
    kept = board.page.evaluate(paper)
    board.page.get_by_role("button", name="Change between light and dark").click()

    assert dark != light == kept
    assert board.page.evaluate(paper) == dark
    assert board.page.evaluate("localStorage.length") == 0


def test_motion_can_be_declined(live: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(live, reduced_motion="reduce")
    board.wait_for_state("LIVE · WebSocket")
    board.wait_for_move()

    flash = "cell => getComputedStyle(cell.firstElementChild).backgroundColor"
    board.page.locator('[data-cell="price"][data-flash]').first.wait_for()
    colours = board.page.locator('[data-cell="price"]').evaluate_all(f"cells => cells.map({flash})")
    assert set(colours) == {"rgba(0, 0, 0, 0)"}


def test_modules_that_fail_to_load_are_loaded_anew(live: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(live, path="/nowhere")
    broken = "**/model/prices*.js"
    board.page.route(broken, lambda route: route.abort())

    board.open()
    expect(board.page.get_by_text("These prices stand still")).to_be_visible()
    board.page.unroute(broken)

    board.wait_for_state("LIVE · WebSocket")
    assert board.page.evaluate("sessionStorage.length") == 0


def test_a_long_volume_is_exact_in_this_browser(live: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(live)
    module = "import('/static/market/js/model/exact_json.js')"

    text = board.page.evaluate(
        f"""{module}.then(({{ parse }}) => parse('{{"volume_24h":123456789012.12345678}}').volume_24h)"""
    )

    assert text == "123456789012.12345678"


def test_five_hundred_symbols_move_and_can_be_searched(open_board: OpenBoard) -> None:
    with LiveServer("--demo", "--simulator-symbols", "500", feed="live") as server:
        board = open_board(server)
        board.wait_for_state("LIVE · WebSocket")

        assert len(board.symbols) == 500
        board.wait_for_move()
        board.numbers("quote_volume_24h", click="quote_volume_24h")
        board.wait_for_move()
        turnovers = board.numbers("quote_volume_24h")[:8]  # those in the window, far apart
        board.page.get_by_role("searchbox").fill(board.symbols[250])
        expect(board.page.locator("tbody tr:visible")).to_have_count(1)
        assert turnovers == sorted(turnovers, reverse=True)
        assert board.objections == []


def test_a_change_made_by_plain_sql_reaches_the_board_too(live: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(live)
    board.wait_for_state("LIVE · WebSocket")
    (database,) = live.var_dir.glob("*.sqlite3")

    with sqlite3.connect(database, timeout=30) as connection:
        connection.execute("UPDATE market_watchedsymbol SET enabled = 0 WHERE symbol = 'FILUSDT'")
    changed_at = time.monotonic()
    wait_until(lambda: "FILUSDT" not in board.symbols, what="the row to go", deadline=30)

    assert time.monotonic() - changed_at < IN_TIME
    with sqlite3.connect(database, timeout=30) as connection:
        connection.execute("UPDATE market_watchedsymbol SET enabled = 1 WHERE symbol = 'FILUSDT'")
    wait_until(lambda: "FILUSDT" in board.symbols, what="the row to come back", deadline=30)
