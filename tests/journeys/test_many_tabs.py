"""Many open pages of one browser: they share one connection, whichever way it goes."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.support.browser import DEADLINE, Board
from tests.support.live import LiveServer
from tests.support.old_proxy import OldProxy
from tests.support.services import wait_until

OpenBoard = Callable[..., Board]

TABS = 9  # three more than the event streams that a browser has for one host
MOVES = """
    () => new Promise((resolve) => {
        const watch = new MutationObserver(() => resolve(true));
        watch.observe(document.querySelector("tbody"), { childList: true, characterData: true, subtree: true });
        setTimeout(() => resolve(false), 20000);
    })
"""
HIDE = """
    Object.defineProperty(Document.prototype, "hidden", { get: () => window.isHidden === true, configurable: true });
    Object.defineProperty(Document.prototype, "visibilityState", {
        get: () => (window.isHidden ? "hidden" : "visible"), configurable: true,
    });
    window.setHidden = (isHidden) => {
        window.isHidden = isHidden;
        document.dispatchEvent(new Event("visibilitychange"));
    };
"""
NO_WORKER = "delete window.SharedWorker;"
SYMBOLS = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT", "XRPUSDT", "ADAUSDT", "DOGEUSDT"]


@pytest.fixture(scope="module")
def live() -> Iterator[LiveServer]:
    with LiveServer("--demo", feed="live") as server:
        yield server


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    context.set_default_timeout(2 * DEADLINE * 1000)
    yield context
    context.close()


def word(page: Page) -> str:
    return " ".join(page.locator("[data-pill]").inner_text().split())


def open_all(context: BrowserContext, url: str, word_of_all: str, *, tabs: int = TABS) -> list[Page]:
    pages = [context.new_page() for _ in range(tabs)]
    for page in pages:
        page.goto(url)
    for page in pages:
        wait_until(lambda page=page: word(page) == word_of_all, what=word_of_all, deadline=2 * DEADLINE)  # type: ignore[misc]
    return pages


def volume(page: Page) -> str:
    """Of the open candle: no price tells it."""
    return page.locator("[data-legend-volume]").inner_text()


def is_moving(page: Page) -> bool:
    before = volume(page)
    wait_until(lambda: volume(page) not in ("", before), what=f"the candle to move, {page.url}", deadline=30)
    return True


def clients(live: LiveServer) -> Any:
    return live.status()["clients"]


@pytest.mark.parametrize("init", ["", NO_WORKER], ids=["shared worker", "a page leads"])
def test_more_tabs_than_event_streams_are_all_live(live: LiveServer, context: BrowserContext, init: str) -> None:
    context.add_init_script(init)
    with OldProxy(live.port) as proxy:
        pages = open_all(context, proxy.url, "LIVE · SSE")

        assert clients(live)["sse"] == 1
        assert all(page.evaluate(MOVES) for page in pages)
        pages[0].goto(f"{proxy.url}/alerts/")
        assert pages[0].get_by_role("heading", name="Alerts").is_visible(), "there is a connection left for pages"
        for page in pages[:-1]:
            page.close()
        wait_until(lambda: word(pages[-1]) == "LIVE · SSE", what="the last one goes on", deadline=2 * DEADLINE)
        assert pages[-1].evaluate(MOVES)
    context.close()
    wait_until(lambda: clients(live)["sse"] == 0, what="nobody is left", deadline=DEADLINE)


@pytest.mark.parametrize("init", ["", NO_WORKER], ids=["shared worker", "a page leads"])
def test_pages_of_symbols_and_a_board_share_one_event_stream(
    live: LiveServer, context: BrowserContext, init: str
) -> None:
    context.add_init_script(init)
    with OldProxy(live.port) as proxy:
        (board,) = open_all(context, proxy.url, "LIVE · SSE", tabs=1)
        pages = [
            *open_all(context, f"{proxy.url}/symbols/binance/BTCUSDT/?interval=1h", "LIVE · SSE", tabs=1),
            *(context.new_page() for _ in SYMBOLS),
        ]
        for page, symbol in zip(pages[1:], SYMBOLS, strict=True):
            page.goto(f"{proxy.url}/symbols/binance/{symbol}/?interval=1m")
        for page in pages:
            wait_until(lambda page=page: word(page) == "LIVE · SSE", what="live", deadline=2 * DEADLINE)  # type: ignore[misc]

        assert all(is_moving(page) for page in pages)
        wait_until(lambda: clients(live)["sse"] == 1, what="one stream for all", deadline=DEADLINE)
        pages[0].locator('[data-intervals] a[data-interval="5m"]').click()
        wait_until(lambda: "interval=5m" in pages[0].url, what="the other interval", deadline=DEADLINE)
        assert is_moving(pages[0]) and is_moving(pages[-1]) and board.evaluate(MOVES)
        for page in [board, *pages[:-1]]:
            page.close()
        assert is_moving(pages[-1])
        wait_until(lambda: clients(live)["sse"] == 1, what="one stream for who is left", deadline=DEADLINE)
    context.close()
    wait_until(lambda: clients(live)["sse"] == 0, what="nobody is left", deadline=DEADLINE)


def test_pages_of_symbols_share_the_socket_and_it_follows_their_intervals(
    live: LiveServer, context: BrowserContext
) -> None:
    pages = [
        *open_all(context, f"{live.url}/symbols/binance/BTCUSDT/?interval=1m", "LIVE · WebSocket", tabs=1),
        *open_all(context, f"{live.url}/symbols/binance/ETHUSDT/?interval=15m", "LIVE · WebSocket", tabs=1),
        *open_all(context, live.url, "LIVE · WebSocket", tabs=1),
    ]
    made = live.status()["clients"]

    assert all(is_moving(page) for page in pages[:2])
    pages[0].locator('[data-intervals] a[data-interval="5m"]').click()
    wait_until(lambda: "interval=5m" in pages[0].url, what="the other interval", deadline=DEADLINE)

    assert all(is_moving(page) for page in pages[:2])
    assert (made["ws"], clients(live)["ws"]) == (1, 1)


def test_all_tabs_share_one_socket_and_it_ends_with_them(live: LiveServer, context: BrowserContext) -> None:
    pages = open_all(context, live.url, "LIVE · WebSocket", tabs=4)
    alerts = context.new_page()
    alerts.goto(f"{live.url}/alerts/")

    assert clients(live)["ws"] == 1
    for page in [*pages, alerts]:
        page.close()
    wait_until(lambda: clients(live)["ws"] == 0, what="nobody is left", deadline=DEADLINE)


def test_a_hidden_page_hears_seldom_and_catches_up_at_once(live: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(live, path="/nowhere")
    board.page.add_init_script(HIDE)
    board.page.add_init_script(NO_WORKER)  # what comes over the socket can be seen then
    frames: list[str] = []
    board.page.on("websocket", lambda socket: socket.on("framereceived", lambda data: frames.append(str(data))))
    board.open()
    board.wait_for_state("LIVE · WebSocket")

    def per_second(seconds: int = 6) -> float:
        frames.clear()
        board.page.wait_for_timeout(seconds * 1000)
        return sum('"price_update"' in frame for frame in frames) / seconds

    shown = per_second()
    board.page.evaluate("setHidden(true)")
    board.page.wait_for_timeout(6000)
    hidden = per_second()
    before = board.page.locator("tbody").inner_text()
    board.page.evaluate("setHidden(false)")
    wait_until(lambda: board.page.locator("tbody").inner_text() != before, what="newer prices", deadline=3)

    assert hidden <= 0.5 < shown
    assert board.state == "LIVE · WebSocket"


def test_a_rate_that_the_reader_chose_is_what_the_server_sends(live: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(live, path="/nowhere")
    board.page.add_init_script(NO_WORKER)
    sent: list[str] = []
    board.page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(str(data))))
    board.open()
    board.wait_for_state("LIVE · WebSocket")

    board.page.get_by_role("button", name="How the board looks").click()
    board.page.get_by_label("Update").select_option("1")

    wait_until(lambda: any('"max_rate":1}' in frame for frame in sent), what="the rate is asked for", deadline=10)
    board.wait_for_move()
    assert board.faults == []
