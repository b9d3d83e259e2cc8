"""The page of a symbol in a real browser: candles that move, thresholds that staff drag, alerts where they fired."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from market.core.display import THIN_SPACE
from tests.support.browser import Board
from tests.support.live import LiveServer, signed_in
from tests.support.services import wait_until

OpenBoard = Callable[..., Board]

ADDRESS = "/symbols/binance/BTCUSDT/"
DEADLINE = 30_000  # ms, on a machine that does other things beside
PHONE = {"viewport": {"width": 380, "height": 780}, "has_touch": True, "is_mobile": True}
NO_SOCKET = "delete window.SharedWorker; delete window.WebSocket;"
WITHOUT = {"SSE": NO_SOCKET, "long poll": f"{NO_SOCKET} delete window.EventSource;"}
RULE = {
    "condition": "above",
    "rearm": "0.001",
    "rearm_unit": "percent",
    "hold_seconds": "0",
    "frequency": "every",
    "severity": "warning",
    "audience": "everyone",
    "enabled": "on",
    "time_zone": "UTC",
}


@pytest.fixture(scope="module")
def live() -> Iterator[LiveServer]:
    with LiveServer("--demo", feed="live") as server:
        server.wait_until(lambda: len(candles(server)) > 300, what="a past of candles", deadline=90)
        yield server


def candles(server: LiveServer, symbol: str = "BTCUSDT", **query: str) -> list[dict[str, Any]]:
    words = {"symbol": symbol, "interval": "1m", **query}
    data: list[dict[str, Any]] = httpx.get(f"{server.url}/api/candles", params=words, timeout=20).json()["data"]
    return data


@pytest.fixture(scope="module")
def staff(live: LiveServer) -> Iterator[httpx.Client]:
    said = re.search(r"Admin login.*: (\S+) / (\S+)", live.stdout)
    assert said is not None
    with signed_in(live, said[1], said[2]) as client:
        yield client


@pytest.fixture
def signed(staff: httpx.Client) -> dict[str, Any]:
    """What a browser context needs to be staff."""
    place = {"domain": "127.0.0.1", "path": "/", "expires": -1, "httpOnly": False, "secure": False, "sameSite": "Lax"}
    cookies = [{"name": name, "value": value, **place} for name, value in staff.cookies.items()]
    return {"storage_state": {"cookies": cookies, "origins": []}}


def make_rule(live: LiveServer, staff: httpx.Client, symbol: str, *, away: str = "1.001", **fields: str) -> str:
    """A rule at `away` times the price of now; its threshold."""
    (quote,) = httpx.get(f"{live.url}/api/prices", params={"symbols": symbol}).json()["data"]
    price = f"{round(Decimal(str(quote['price'])) * Decimal(away), 2).normalize():f}"
    row = re.search(rf'watchedsymbol/(\d+)/change/[^"]*">{symbol}<', staff.get("/admin/market/watchedsymbol/").text)
    assert row is not None
    words = {**RULE, "threshold": price, "watched": row[1], "csrfmiddlewaretoken": staff.cookies["csrftoken"]}
    answer = staff.post("/admin/market/alertrule/add/", data={**words, **fields})
    assert answer.status_code == 302, re.findall(r"errorlist[^>]*>.*?</ul>", answer.text)
    return price


def drawn(board: Board) -> None:
    """Until there are candles."""
    expect(board.page.locator("[data-candle-table] tbody tr")).to_have_count(30, timeout=DEADLINE)
    expect(board.page.locator("[data-chart-note]")).to_have_text("")
    board.page.locator("[data-chart] canvas").first.wait_for()


def legend(page: Page, name: str) -> str:
    return page.locator(f"[data-legend-{name}]").inner_text()


def plain(text: str) -> Decimal:
    return Decimal(re.sub(rf"[,{THIN_SPACE}\s]", "", text))


def handle(page: Page) -> Locator:
    return page.locator("[data-handles] [role=slider]").first


def test_candles_are_drawn_and_the_last_one_lives(live: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(live, path=f"{ADDRESS}?interval=1m")
    board.wait_for_state("LIVE · WebSocket")
    drawn(board)

    expect(board.page.locator("[data-legend-mark]")).to_have_text("open")
    before = legend(board.page, "close"), board.page.locator("[data-price]").inner_text()
    wait_until(lambda: legend(board.page, "close") != before[0], what="the candle to move", deadline=30)
    wait_until(lambda: board.page.locator("[data-price]").inner_text() != before[1], what="the price", deadline=30)

    assert plain(legend(board.page, "low")) <= plain(legend(board.page, "close")) <= plain(legend(board.page, "high"))
    assert re.search(r"[\d,]+\.\d\d BTC/USDT", board.page.title())
    board.screenshot("symbol-light")
    assert board.objections == []


@pytest.mark.parametrize(("name", "context"), [("dark", {"color_scheme": "dark"}), ("phone", PHONE)])
def test_it_looks_right_in_the_dark_and_on_a_phone(
    live: LiveServer, open_board: OpenBoard, name: str, context: dict[str, Any]
) -> None:
    board = open_board(live, path=ADDRESS, **context)
    board.wait_for_state("LIVE · WebSocket")
    drawn(board)

    width = board.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    board.screenshot(f"symbol-{name}")

    assert width == 0, "the page scrolls sideways"
    assert board.objections == []


def test_another_interval_needs_no_other_page(live: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(live, path=f"{ADDRESS}?interval=1m")
    board.wait_for_state("LIVE · WebSocket")
    drawn(board)
    board.page.evaluate("window.isTheSame = true")

    for interval in ("1h", "5m", "1d"):
        board.page.locator(f'[data-intervals] a[data-interval="{interval}"]').click()
        expect(board.page.locator("[data-table-interval]")).to_have_text(interval, timeout=DEADLINE)
        last = candles(live, interval=interval, limit="1")[0]
        opened = board.page.locator("[data-candle-table] tbody tr").first.locator("td").first
        wait_until(lambda: plain(opened.inner_text()) == Decimal(str(last["open"])), what=interval, deadline=30)  # noqa: B023

    assert board.page.evaluate("window.isTheSame") is True
    assert board.page.url.endswith("?interval=1d")
    board.wait_for_state("LIVE · WebSocket")
    assert board.faults == []  # what the other interval was waiting for is given up


def test_by_keyboard_one_goes_from_candle_to_candle_and_into_the_past(live: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(live, path=f"{ADDRESS}?interval=1m")
    board.wait_for_state("LIVE · WebSocket")
    drawn(board)
    asked: list[str] = []
    board.page.on("request", lambda request: asked.append(request.url) if "/api/candles" in request.url else None)

    board.page.locator("[data-chart]").focus()
    board.page.keyboard.press("ArrowLeft")
    board.page.keyboard.press("ArrowLeft")
    words = board.page.locator("[data-chart-words]").inner_text()

    def go_left() -> bool:
        board.page.keyboard.press("Shift+ArrowLeft")
        return any("to=" in url for url in asked)

    wait_until(go_left, what="older candles", deadline=60)

    assert "Open" in words and "Volume" in words
    expect(board.page.locator("[data-chart-now]")).to_be_visible(timeout=DEADLINE)
    board.page.locator("[data-chart-now]").click()
    expect(board.page.locator("[data-chart-now]")).to_be_hidden(timeout=DEADLINE)
    assert board.objections == []


@pytest.mark.parametrize("transport", list(WITHOUT))
def test_the_last_candle_lives_on_every_way(live: LiveServer, open_board: OpenBoard, transport: str) -> None:
    board = open_board(live, path="/nowhere")
    board.page.add_init_script(WITHOUT[transport])
    board.objections.clear()
    board.open(f"{ADDRESS}?interval=5m")
    board.wait_for_state(f"LIVE · {transport}")
    drawn(board)

    before = legend(board.page, "volume")
    wait_until(lambda: legend(board.page, "volume") != before, what="volume, which only candles tell", deadline=30)

    assert board.faults == []


def test_staff_drag_a_threshold_and_take_it_back(
    live: LiveServer, open_board: OpenBoard, staff: httpx.Client, signed: dict[str, Any]
) -> None:
    price = make_rule(live, staff, "ETHUSDT", away="1.002")
    board = open_board(live, path="/symbols/binance/ETHUSDT/?interval=1m", **signed)
    other = open_board(live, path="/symbols/binance/ETHUSDT/?interval=1m")
    drawn(board)
    said = board.page.locator("[data-threshold-said]")
    expect(handle(board.page)).to_have_attribute("aria-valuenow", price, timeout=DEADLINE)

    drag(board.page, handle(board.page), by=-30)
    expect(said).to_contain_text("Moved from", timeout=DEADLINE)
    moved = str(handle(board.page).get_attribute("aria-valuenow"))
    board.screenshot("symbol-dragged")
    said.get_by_role("button", name="Undo").click()
    expect(said).to_contain_text("Taken back", timeout=DEADLINE)

    assert Decimal(moved) > Decimal(price)
    assert -Decimal(moved).as_tuple().exponent <= 2  # type: ignore[operator]
    expect(handle(board.page)).to_have_attribute("aria-valuenow", price)
    expect(other.page.locator("[data-threshold]")).to_contain_text("crosses above", timeout=DEADLINE)
    assert other.page.locator("[data-handles] [role=slider], [data-move]").count() == 0
    assert board.objections + other.objections == []


def drag(page: Page, grip: Locator, *, by: int) -> None:
    box = grip.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + by, steps=6)
    page.mouse.up()


def test_a_threshold_is_moved_by_keys_and_by_typing_and_a_refusal_says_why(
    live: LiveServer, open_board: OpenBoard, staff: httpx.Client, signed: dict[str, Any]
) -> None:
    price = Decimal(make_rule(live, staff, "BNBUSDT"))
    board = open_board(live, path="/symbols/binance/BNBUSDT/", **signed)
    drawn(board)
    said, field = board.page.locator("[data-threshold-said]"), board.page.locator("[data-move] [name=threshold]")
    expect(handle(board.page)).to_be_visible(timeout=DEADLINE)

    handle(board.page).focus()
    board.page.keyboard.press("ArrowUp")
    board.page.keyboard.press("Escape")
    expect(handle(board.page)).to_have_attribute("aria-valuenow", f"{price.normalize():f}")
    for key in ("ArrowUp", "ArrowUp", "Enter"):
        board.page.keyboard.press(key)
    expect(said).to_contain_text("Moved from", timeout=DEADLINE)
    expect(field).not_to_have_value(f"{price.normalize():f}")
    moved = field.input_value()
    field.fill("-5")
    field.press("Enter")

    expect(said).to_contain_text("Not saved: A price is more than 0.", timeout=DEADLINE)
    expect(handle(board.page)).to_have_attribute("aria-valuenow", moved)
    assert board.faults == []


def test_of_two_staff_the_second_is_told_and_sees_what_the_first_did(
    live: LiveServer, open_board: OpenBoard, staff: httpx.Client, signed: dict[str, Any]
) -> None:
    make_rule(live, staff, "SOLUSDT")
    first, second = (open_board(live, path="/symbols/binance/SOLUSDT/", **signed) for _ in range(2))
    for board in (first, second):
        expect(handle(board.page)).to_be_visible(timeout=DEADLINE)
    forms = [board.page.locator("[data-move] [name=threshold]") for board in (first, second)]
    second.page.route("**/api/thresholds?*", lambda route: route.abort())  # it hears of nothing meanwhile

    forms[0].fill("500.25")
    forms[0].press("Enter")
    expect(first.page.locator("[data-threshold-said]")).to_contain_text("Moved from", timeout=DEADLINE)
    second.page.unroute("**/api/thresholds?*")
    forms[1].fill("600.5")
    forms[1].press("Enter")

    expect(second.page.locator("[data-threshold-said]")).to_contain_text("Yours was not saved", timeout=DEADLINE)
    expect(second.page.locator("[data-threshold]")).to_contain_text("crosses above 500.25", timeout=DEADLINE)
    assert second.faults == []


def test_an_alert_is_listed_and_marked_where_it_fired(
    live: LiveServer, open_board: OpenBoard, staff: httpx.Client
) -> None:
    board = open_board(live, path="/symbols/binance/XRPUSDT/?interval=1m")
    drawn(board)

    make_rule(live, staff, "XRPUSDT", away="0.9", fire_if_holds="on", frequency="once", severity="critical")

    line = board.page.locator("[data-alert-lines] a").first
    expect(line).to_contain_text("XRPUSDT", timeout=DEADLINE)
    board.screenshot("symbol-alert")
    assert re.fullmatch(r"/alerts/\d+/", line.get_attribute("href") or "")
    assert board.faults == []


def test_it_is_complete_without_javascript(
    live: LiveServer, open_board: OpenBoard, staff: httpx.Client, signed: dict[str, Any]
) -> None:
    make_rule(live, staff, "ADAUSDT")
    board = open_board(live, path="/symbols/binance/ADAUSDT/?interval=1m", java_script_enabled=False, **signed)

    expect(board.page.locator("[data-candle-table] tbody tr")).to_have_count(30)
    expect(board.page.locator("[data-chart]")).to_be_hidden()
    expect(board.page.get_by_text("These prices stand still")).to_be_visible()
    board.page.locator("[data-move] [name=threshold]").fill("9.75")
    board.page.get_by_role("button", name="Save").click()
    expect(board.page.locator("[data-text]")).to_have_text("crosses above 9.75")
    board.page.locator('[data-intervals] a[data-interval="4h"]').click()
    board.screenshot("symbol-without-javascript")

    assert "interval=4h" in board.page.url
