"""The board in a real Chromium, and what a reader sees of it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect, sync_playwright

from market.core.display import MINUS
from tests.support.services import CHECKOUT, wait_until

# Nothing of the browser's own may reach out to the net, and a container has no sandbox to offer.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
ARTEFACTS = CHECKOUT / "test-artefacts"
DEADLINE = 30.0  # seconds; the machine may be busy
# How a browser words that the network failed, which tests that cut the network bring about. "The script" is the service
# worker's, which browsers look at again of their own accord.
NETWORK = re.compile(
    r"Failed to load resource|^failed: |net::ERR_|WebSocket connection|list of symbols is asked for again"
    r"|error occurred when fetching the script"
)


OVERFLOWING = """cells => cells.filter(cell => cell.offsetParent && cell.scrollWidth > cell.clientWidth)
    .map(cell => cell.textContent)"""
# A clipped cell does not scroll: what its name would take is measured.
CLIPPED = """cells => cells.filter(cell => {
    const name = document.createRange();
    name.selectNodeContents(cell.querySelector(".name"));
    const room = cell.getBoundingClientRect().right - parseFloat(getComputedStyle(cell).paddingInlineEnd);
    return name.getBoundingClientRect().right > room + 0.5;
}).map(cell => cell.textContent)"""


@contextmanager
def chromium_browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium), args=ARGUMENTS)
        yield browser
        browser.close()


class Board:
    """One page with the board. `objections` is all that the browser complained of: errors, CSP, failed requests."""

    def __init__(self, browser: Browser, url: str, **context: Any) -> None:
        self.url = url
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **context})
        self.context.set_default_timeout(DEADLINE * 1000)
        self.page: Page = self.context.new_page()
        self.objections: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self._object(f"pageerror: {error}"))
        self.unanswered: set[str] = set()
        self.page.on("request", lambda request: self.unanswered.add(request.url))
        self.page.on("requestfinished", lambda request: self.unanswered.discard(request.url))
        self.page.on("requestfailed", lambda request: self._object(f"failed: {request.url} {request.failure}"))

    def open(self, path: str = "/") -> "Board":
        self.page.goto(self.url + path)
        return self

    def close(self) -> None:
        self.context.close()

    def row(self, symbol: str) -> Locator:
        return self.page.locator(f'tr[data-key="binance:{symbol}"]')

    def cell(self, symbol: str, name: str) -> Locator:
        return self.row(symbol).locator(f'[data-cell="{name}"]')

    def price(self, symbol: str) -> str:
        return self.cell(symbol, "price").locator("span").inner_text().replace(",", "")

    def mark(self, symbol: str) -> str:
        return self.row(symbol).locator(".mark").inner_text()

    @property
    def symbols(self) -> list[str]:
        """Names of the visible rows, in their order."""
        keys = "rows => rows.filter(row => !row.hidden).map(row => row.dataset.key.split(':')[1])"
        found: list[str] = self.page.locator("tbody tr").evaluate_all(keys)
        return found

    def numbers(self, name: str, *, click: str = "") -> list[float]:
        """A column as it stands, or as it stands at once after a click on the head of column `click`."""
        script = f"""click => {{
            if (click) document.querySelector(`[data-column="${{click}}"] button`).click();
            const cells = [...document.querySelectorAll('tbody [data-cell="{name}"]')];
            return cells.map(cell => cell.title || cell.textContent);
        }}"""
        texts: list[str] = self.page.evaluate(script, click)
        return [float(re.sub(r"[^0-9.\-]", "", text.replace(MINUS, "-"))) for text in texts]

    def cut_off(self) -> list[str]:
        """The texts that are not whole: of cells and pills, and of names in their cells."""
        cells: list[str] = self.page.locator("tbody :is(th, td), .pill").evaluate_all(OVERFLOWING)
        return cells + list(self.page.locator("tbody th").evaluate_all(CLIPPED))

    @property
    def state(self) -> str:
        """Such as `LIVE · WebSocket`."""
        return " ".join(self.page.locator("[data-pill]").inner_text().split())

    @property
    def is_stale(self) -> bool:
        return self.page.locator("[data-board][data-stale]").count() == 1

    def wait_for_state(self, state: str, *, deadline: float = DEADLINE) -> None:
        try:
            wait_until(lambda: self.state == state, what=state, deadline=deadline)
        except TimeoutError as error:
            raise TimeoutError(f"{error}: it says {self.state!r}; {self.objections} {self.unanswered}") from None

    def wait_for_move(self, *, deadline: float = DEADLINE) -> None:
        """Until any price differs from what it is now."""
        before = self._prices()
        wait_until(lambda: self._prices() != before, what="prices to move", deadline=deadline)

    def expect_notice(self, *words: str) -> None:
        """Exactly one sentence is shown, and it has these words."""
        notice = self.page.locator("[data-notice]:visible")
        for word in words:
            expect(notice).to_contain_text(word, timeout=DEADLINE * 1000)

    def screenshot(self, name: str) -> None:
        ARTEFACTS.mkdir(exist_ok=True)
        self.page.screenshot(path=ARTEFACTS / f"{name}.png")

    def _prices(self) -> list[str]:
        return self.page.locator('[data-cell="price"]').all_inner_texts()

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._object(f"{message.type}: {message.text}")

    def _object(self, text: str) -> None:
        # Interfaces of this machine come and go with other tests; the page has to bear it, and does. A page that finds
        # the worker of another page does not load its script to the end.
        if "ERR_NETWORK_CHANGED" not in text and not ("/price_worker" in text and "ERR_ABORTED" in text):
            self.objections.append(text)

    @property
    def faults(self) -> list[str]:
        """Objections that are not about a network which the test itself took away."""
        return [text for text in self.objections if not NETWORK.search(text)]
