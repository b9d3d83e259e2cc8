"""Pages for everybody: axe has no serious objection, all is done by keyboard, colour is never alone."""

import re
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, expect

from tests.support.axe import demo_with_an_alert, objections, signed_in_page
from tests.support.browser import ARTEFACTS
from tests.support.live import LiveServer
from tests.support.services import wait_until

PATHS = ("/", "/symbols/binance/BTCUSDT/", "/alerts/", "/alerts/1/", "/status/", "/offline/", "/nothing-here/")
# What has the focus, in a few words, and whether that can be seen.
FOCUS = """() => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const {outlineStyle, outlineWidth, boxShadow} = getComputedStyle(element);
    const words = element.getAttribute("aria-label") || element.textContent.trim() || element.name || element.id;
    const seen = (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none";
    const {width, height} = element.getBoundingClientRect();
    return {words: words.slice(0, 40), seen: seen && width > 0 && height > 0};
}"""


@pytest.fixture(scope="module")
def live() -> Iterator[LiveServer]:
    with demo_with_an_alert() as server:
        yield server


@pytest.mark.parametrize("seen", [("zh-CN", 380), ("en-US", 1280)], ids=str)
def test_axe_finds_nothing_serious_and_nothing_overflows(
    browser: Browser, live: LiveServer, seen: tuple[str, int]
) -> None:
    assert objections(browser, live, PATHS, seen) == {}


@pytest.mark.parametrize("path", ["/", "/symbols/binance/BTCUSDT/", "/alerts/"])
def test_the_keyboard_reaches_everything_and_is_never_caught(browser: Browser, live: LiveServer, path: str) -> None:
    page = signed_in_page(browser, live, "en-US", 1280)
    page.goto(live.url + path)
    expect(page.locator("html[data-script]")).to_be_attached()
    journey = []
    for _ in range(200):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if focus is None:  # the end of the page: the browser's own buttons come next
            break
        journey.append(focus)
    page.context.close()

    words = [focus["words"] for focus in journey]
    assert focus is None, f"no way out after {words[-5:]}"
    assert words[0] == "Skip to the prices"
    assert {"Language and colours", "Change between light and dark"} <= {word.split("\n")[-1] for word in words} | {
        word[2:] for word in words
    }
    assert [focus["words"] for focus in journey if not focus["seen"]] == []


def test_the_language_is_changed_by_keyboard_and_without_a_script(browser: Browser, live: LiveServer) -> None:
    page = browser.new_context(java_script_enabled=False, locale="en-US").new_page()
    page.goto(live.url)
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="简体中文").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("行情")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(page.locator("html")).to_have_attribute("data-rise", "red")
    page.goto(f"{live.url}/alerts/")
    expect(page.locator("h1")).to_have_text("预警")
    page.context.close()


def test_up_and_down_are_told_apart_without_colours(browser: Browser, live: LiveServer) -> None:
    """By an arrow and a sign; and, for who sees the colours differently, by two that still differ."""
    page = signed_in_page(browser, live, "en-US", 1280)
    expect(page.locator('[data-cell="price"][data-direction]').first).to_be_visible()
    arrows = page.evaluate(
        """() => ["up", "down"].map((way) => {
            const cell = document.createElement("td");
            cell.dataset.cell = "price";
            cell.dataset.direction = way;
            document.querySelector("[data-price-table] tbody tr").append(cell);
            const arrow = getComputedStyle(cell, "::after").content + getComputedStyle(cell, "::before").content;
            cell.remove();
            return arrow;
        })"""
    )
    session = page.context.new_cdp_session(page)
    for kind in ("deuteranopia", "protanopia", "achromatopsia"):
        session.send("Emulation.setEmulatedVisionDeficiency", {"type": kind})
        ARTEFACTS.mkdir(exist_ok=True)
        page.screenshot(path=ARTEFACTS / f"board-{kind}.png")
    page.context.close()

    assert arrows[0] != arrows[1]
    assert "none" not in {arrow.strip('"') for arrow in arrows}


def test_what_is_read_aloud_does_not_come_with_each_tick(browser: Browser, live: LiveServer) -> None:
    page = signed_in_page(browser, live, "en-US", 1280)
    expect(page.locator("[data-pill]")).to_have_attribute("data-word", "live")
    page.evaluate(
        """() => {
            window.spoken = 0;
            window.moved = 0;
            const live = "[aria-live]:not([aria-live=off]), [role=status], [role=alert], [role=log]";
            new MutationObserver((changes) => {
                for (const {target} of changes) {
                    const element = target.parentElement ?? target;
                    if (element.closest("[data-price-table]")) window.moved++;
                    const region = (target.closest ? target : element).closest(live);
                    if (region && !region.closest("[hidden]")) window.spoken++;
                }
            }).observe(document.body, {childList: true, characterData: true, subtree: true});
        }"""
    )
    wait_until(lambda: page.evaluate("window.moved") > 200, what="200 changes of prices")
    spoken = page.evaluate("window.spoken")
    page.context.close()

    assert spoken <= 2  # an alert that comes in between may speak


def test_numbers_and_times_are_written_as_where_the_reader_is(browser: Browser, live: LiveServer) -> None:
    context = browser.new_context(locale="en-ZA", timezone_id="Asia/Kolkata")
    page = context.new_page()
    page.goto(live.url)
    expect(page.locator("[data-pill]")).to_have_attribute("data-word", "live", timeout=30_000)
    price = page.locator('tr[data-key="binance:BTCUSDT"] [data-cell="price"] span')
    expect(price).to_have_text(re.compile(r"^\d{1,3}\s\d{3},\d{2}$"))
    page.goto(f"{live.url}/alerts/")
    time = page.locator("[data-alert] time").first
    expect(time).to_have_attribute("title", re.compile(r" UTC$"))
    moment = datetime.fromisoformat(time.get_attribute("datetime") or "")
    shown = time.inner_text()
    heads = page.locator("thead th").all_inner_texts()
    context.close()

    assert moment.astimezone(ZoneInfo("Asia/Kolkata")).strftime("%H:%M:%S") in shown
    assert "Time" in heads
    assert "Time, UTC" not in heads
