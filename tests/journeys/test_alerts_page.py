"""Alerts in a real browser: a simulated price crosses a rule, and the people concerned see it and take it on."""

import re
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import count
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import Board
from tests.support.live import LiveServer, signed_in
from tests.support.services import wait_until

OpenBoard = Callable[..., Board]
MakeRule = Callable[..., str]

MARKED_WITHIN = 3000  # ms from a new rule to its mark
IN_TIME = 2000  # ms from the decision to the toast
OFFLINE_RETRY = 15.0  # seconds; as in live/follow.js
DEADLINE = 30_000  # ms, for crossings of a price that goes as it likes
BAND = Decimal("0.0002")  # half of it; a price leaves it within seconds, maybe before the rule is known
PHONE = {"viewport": {"width": 380, "height": 780}, "has_touch": True, "is_mobile": True}
RULE = {
    "condition": "leaves",
    "rearm": "0.001",
    "rearm_unit": "percent",
    "hold_seconds": "0",
    "frequency": "once",
    "fire_if_holds": "on",
    "severity": "warning",
    "audience": "everyone",
    "enabled": "on",
    "time_zone": "UTC",
}
# Notes when each toast came, on the clock of this machine, which is the server's.
WATCH_TOASTS = """
    window.toastedAt = {};
    new MutationObserver(() => {
        const toasts = document.querySelectorAll("[data-toast]");
        for (const { dataset } of toasts) window.toastedAt[dataset.toast] ??= Date.now();
    }).observe(document, { childList: true, subtree: true });
"""
HIDE = "Object.defineProperty(Document.prototype, 'hidden', { get: () => window.isHidden === true });"
WITHOUT = {
    "WebSocket": "",
    "SSE": "delete window.SharedWorker; delete window.WebSocket;",
    "long poll": "delete window.SharedWorker; delete window.WebSocket; delete window.EventSource;",
}
_notes = count(1)


@pytest.fixture(scope="module")
def live() -> Iterator[LiveServer]:
    with LiveServer("--demo", feed="live") as server:
        yield server


@pytest.fixture(scope="module")
def login(live: LiveServer) -> tuple[str, str]:
    """Said once on the console, at the first start."""
    said = re.search(r"Admin login.*: (\S+) / (\S+)", live.stdout)
    assert said is not None
    return said[1], said[2]


@pytest.fixture(scope="module")
def staff(live: LiveServer, login: tuple[str, str]) -> Iterator[httpx.Client]:
    with signed_in(live, *login) as client:
        yield client


@pytest.fixture
def make_rule(live: LiveServer, staff: httpx.Client) -> MakeRule:
    """`make_rule("BTCUSDT", severity="critical")`: in the administration, around the price of now; answers its note."""

    def make(symbol: str, **fields: str) -> str:
        (quote,) = httpx.get(f"{live.url}/api/prices", params={"symbols": symbol}).json()["data"]
        listed = httpx.get(f"{live.url}/api/symbols").json()["symbols"]
        digits = next(each["digits"] for each in listed if each["symbol"] == symbol)
        row = re.search(rf'watchedsymbol/(\d+)/change/[^"]*">{symbol}<', staff.get("/admin/market/watchedsymbol/").text)
        assert row is not None
        low, high = (f"{Decimal(str(quote['price'])) * part:.{digits}f}" for part in (1 - BAND, 1 + BAND))
        ends = {"threshold": low, "upper": high}
        note = f"journey {next(_notes)}"
        words = {**RULE, **ends, "watched": row[1], "note": note, "csrfmiddlewaretoken": staff.cookies["csrftoken"]}
        answer = staff.post("/admin/market/alertrule/add/", data={**words, **fields})
        assert answer.status_code == 302, re.findall(r"errorlist[^>]*>.*?</ul>", answer.text)
        return note

    return make


@pytest.fixture
def signed(live: LiveServer, staff: httpx.Client) -> dict[str, Any]:
    """What a browser context needs to be staff."""
    cookies = [{"name": name, "value": value, "url": live.url} for name, value in staff.cookies.items()]
    return {"storage_state": {"cookies": [_cookie(cookie, live) for cookie in cookies], "origins": []}}


def _cookie(cookie: dict[str, str], live: LiveServer) -> dict[str, Any]:
    place = {"domain": "127.0.0.1", "path": "/", "expires": -1, "httpOnly": False, "secure": False, "sameSite": "Lax"}
    return {"name": cookie["name"], "value": cookie["value"], **place}


def toast(page: Page, symbol: str) -> Any:
    return page.locator("[data-toast-list] [data-toast]").filter(has_text=symbol).first


def wait_for_toast(page: Page, symbol: str) -> str:
    """Until there is one; the id of its alert."""
    expect(toast(page, symbol)).to_be_visible(timeout=DEADLINE)
    number = toast(page, symbol).get_attribute("data-toast")
    assert number is not None
    return str(number)


def latency(live: LiveServer, page: Page, number: str) -> float:
    """ms from the decision to the toast."""
    alerts = httpx.get(f"{live.url}/api/alerts").json()["alerts"]
    decided = next(alert["decided"] for alert in alerts if alert["id"] == int(number))
    return float(page.evaluate("([id, decided]) => window.toastedAt[id] - Date.parse(decided)", [number, decided]))


@pytest.mark.parametrize(("transport", "symbol"), [*zip(WITHOUT, ("BTCUSDT", "ETHUSDT", "BNBUSDT"), strict=True)])
def test_a_crossing_is_a_toast_in_time_on_every_way(
    live: LiveServer, open_board: OpenBoard, make_rule: MakeRule, transport: str, symbol: str
) -> None:
    board = open_board(live, path="/nowhere")
    board.page.add_init_script(WITHOUT[transport] + WATCH_TOASTS)
    board.objections.clear()
    board.open()
    board.wait_for_state(f"LIVE · {transport}")

    make_rule(symbol)
    number = wait_for_toast(board.page, symbol)

    assert latency(live, board.page, number) < IN_TIME
    expect(toast(board.page, symbol)).to_contain_text("warning")
    expect(board.page.locator("[data-alert-count]")).to_be_visible()
    expect(toast(board.page, symbol).get_by_role("button", name="Acknowledge")).to_be_hidden()
    board.screenshot(f"alert-toast-{transport.replace(' ', '-')}")
    toast(board.page, symbol).get_by_role("link").click()
    expect(board.page.get_by_role("heading", name="Why it fired")).to_be_visible()
    assert board.page.url == f"{live.url}/alerts/{number}/"
    board.page.get_by_role("link", name="All alerts").click()
    expect(board.page.locator(f'tr[data-alert="{number}"]')).to_contain_text(symbol)
    assert board.faults == []


def test_acknowledging_in_one_tab_shows_in_another(
    live: LiveServer, open_board: OpenBoard, make_rule: MakeRule, signed: dict[str, Any]
) -> None:
    board = open_board(live, **signed)
    phone = open_board(live, path="/alerts/", color_scheme="dark", **PHONE, **signed)
    stranger = open_board(live, path="/alerts/")
    board.wait_for_state("LIVE · WebSocket")

    make_rule("SOLUSDT", severity="critical", audience="staff")
    number = wait_for_toast(board.page, "SOLUSDT")
    row = phone.page.locator(f'tr[data-alert="{number}"]')
    expect(row).to_contain_text("active", timeout=DEADLINE)
    phone.screenshot("alerts-list-phone-dark")
    toast(board.page, "SOLUSDT").get_by_role("button", name="Acknowledge").click()

    expect(row).to_contain_text("acknowledged", timeout=DEADLINE)
    expect(phone.page.locator(f'[data-toast="{number}"]')).to_have_count(0)
    expect(board.page.locator(f'[data-toast="{number}"]')).to_have_count(0)
    assert phone.page.evaluate("document.documentElement.scrollWidth") == 380
    assert stranger.page.locator(f'[data-alert="{number}"]').count() == 0
    assert stranger.page.goto(f"{live.url}/alerts/{number}/").status == 404  # type: ignore[union-attr]
    assert board.objections == phone.objections == []


def test_all_of_it_works_without_a_script(
    live: LiveServer, open_board: OpenBoard, make_rule: MakeRule, signed: dict[str, Any]
) -> None:
    watching = open_board(live, **signed)
    make_rule("XRPUSDT")
    number = wait_for_toast(watching.page, "XRPUSDT")
    plain = open_board(live, path="/alerts/?symbol=XRPUSDT&state=active", java_script_enabled=False, **signed)
    row = plain.page.locator(f'tr[data-alert="{number}"]')

    row.get_by_role("link").click()
    plain.page.get_by_role("button", name="15 min").click()
    expect(plain.page.locator(".alert-facts")).to_contain_text("snoozed")
    plain.screenshot("alert-timeline-without-script")
    plain.open("/alerts/?symbol=xrpusdt&state=snoozed")
    row.get_by_role("button", name="Acknowledge").click()

    expect(plain.page.locator(".nothing")).to_contain_text("No alert is like this")
    plain.open("/alerts/?state=acknowledged&severity=warning")
    expect(row).to_contain_text("acknowledged")
    expect(row).to_contain_text("by admin")
    # A browser without scripts says of each module that it is not loaded.
    assert [text for text in plain.objections if not re.search(r"\.js \w+$", text)] == []


def test_what_was_missed_offline_is_told_afterwards(
    live: LiveServer, open_board: OpenBoard, make_rule: MakeRule
) -> None:
    board = open_board(live)
    board.wait_for_state("LIVE · WebSocket")
    page = board.page
    before = httpx.get(f"{live.url}/api/alerts/summary").json()["newest"]
    wait_until(lambda: page.evaluate("document.querySelector('[data-alert-count]').textContent") != "", what="a count")

    board.context.set_offline(True)
    offline_at = time.monotonic()
    wait_until(lambda: "OFFLINE" in board.state, what="the page to notice")
    make_rule("ADAUSDT")
    wait_until(lambda: _newest(live, "ADAUSDT") > before, what="an alert", deadline=DEADLINE / 1000)
    # Later it tries by its shared worker, whose network Chromium does not cut.
    assert toast(page, "ADAUSDT").count() == 0 or time.monotonic() - offline_at > OFFLINE_RETRY
    board.context.set_offline(False)

    expect(toast(page, "ADAUSDT")).to_be_visible(timeout=DEADLINE)
    assert board.faults == []


def _newest(live: LiveServer, symbol: str) -> int:
    alerts = httpx.get(f"{live.url}/api/alerts", params={"symbol": symbol}).json()["alerts"]
    return max((alert["id"] for alert in alerts), default=0)


def test_a_hidden_page_calls_by_title_note_and_sound_once_somebody_allowed_it(
    live: LiveServer, open_board: OpenBoard, make_rule: MakeRule
) -> None:
    board = open_board(live, path="/nowhere", permissions=["notifications"])
    board.page.add_init_script(
        HIDE
        + """
        window.notes = [];
        window.Notification = class extends EventTarget {
            static permission = "granted";
            static requestPermission() { return Promise.resolve("granted"); }
            constructor(title, options) { super(); window.notes.push([title, options.body]); }
        };
        window.tones = 0;
        const start = OscillatorNode.prototype.start;
        OscillatorNode.prototype.start = function (...when) { window.tones += 1; return start.apply(this, when); };
        """
    )
    board.objections.clear()
    board.open()
    page = board.page
    board.wait_for_state("LIVE · WebSocket")
    sound = page.get_by_role("button", name="Sound at new alerts")
    notes = page.get_by_role("button", name="Notifications of the browser at new alerts")

    expect(sound).to_have_attribute("aria-pressed", "false")
    assert page.evaluate("[localStorage.length, window.tones]") == [0, 0]
    sound.click()
    notes.click()
    expect(sound).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("window.tones") == 1, "one hears what was enabled"
    page.evaluate("window.isHidden = true")
    make_rule("DOGEUSDT", severity="critical")
    wait_until(lambda: "DOGEUSDT" in page.title(), what="the title", deadline=DEADLINE / 1000)

    assert page.evaluate("window.tones") > 1
    title, body = page.evaluate("window.notes.at(-1)")
    assert title == "critical: DOGEUSDT"
    assert "DOGEUSDT left" in body
    page.evaluate("window.isHidden = false; document.dispatchEvent(new Event('visibilitychange'))")
    assert page.title() == "Prices · pricefeed"
    board.open()
    expect(page.get_by_role("button", name="Sound at new alerts")).to_have_attribute("aria-pressed", "true")
    assert board.faults == []


def test_rows_show_how_far_the_nearest_threshold_is(
    live: LiveServer, open_board: OpenBoard, make_rule: MakeRule, signed: dict[str, Any]
) -> None:
    make_rule("LTCUSDT", condition="above", threshold="500", upper="", audience="staff")
    stranger = open_board(live)
    board = open_board(live, **signed)
    stranger.wait_for_state("LIVE · WebSocket")

    mark = board.row("LTCUSDT").locator(".threshold")
    expect(mark).to_have_text(re.compile(r"^\+\d+\s%$"), timeout=DEADLINE)
    expect(mark).to_have_attribute("title", re.compile("Alert when it crosses above 500"))
    board.screenshot("board-thresholds")
    assert stranger.row("LTCUSDT").locator(".threshold").inner_text() == ""

    make_rule("LTCUSDT", condition="above", threshold="100000", upper="")
    expect(stranger.row("LTCUSDT").locator(".threshold")).to_have_text(re.compile(r"^\+\d+\s%$"), timeout=MARKED_WITHIN)
    plain = open_board(live, java_script_enabled=False)
    expect(plain.row("LTCUSDT").locator(".threshold")).to_have_attribute("title", "Alert when it crosses above 100000")
