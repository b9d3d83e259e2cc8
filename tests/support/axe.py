"""What axe-core, and a look at the width, have to object to pages; and a demo whose pages have something on them."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect

from tests.support.browser import ARTEFACTS
from tests.support.live import LiveServer, signed_in
from tests.support.services import CHECKOUT, skip_or_fail

AXE = CHECKOUT / "tests/js/node_modules/axe-core/axe.min.js"
RULE = {
    "condition": "above",
    "threshold": "0.01",
    "rearm": "0.1",
    "rearm_unit": "percent",
    "hold_seconds": "0",
    "frequency": "once",
    "fire_if_holds": "on",
    "severity": "warning",
    "audience": "everyone",
    "enabled": "on",
    "time_zone": "UTC",
}
RUN = """async (rules) => {
    const options = {resultTypes: ["violations"], ...(rules && {runOnly: {type: "rule", values: rules}})};
    return (await axe.run(document, options)).violations
        .filter(({impact}) => impact === "serious" || impact === "critical")
        .flatMap(({id, nodes}) => nodes.map(({target, html}) => `${id}: ${target} ${html.slice(0, 120)}`));
}"""
# Links of the admin take their other colour by and by.
SETTLED = """() => Promise.allSettled(
    document.getAnimations().filter((each) => each instanceof CSSTransition).map((each) => each.finished)
)"""
OF_COLOURS = ["color-contrast", "link-in-text-block"]


@contextmanager
def demo_with_an_alert() -> Iterator[LiveServer]:
    with LiveServer("--demo", feed="live") as server:
        with signed_in(server, *login_of(server)) as staff:
            words = {**RULE, "watched": "1", "csrfmiddlewaretoken": staff.cookies["csrftoken"]}
            answer = staff.post("/admin/market/alertrule/add/", data=words)
            assert answer.status_code == 302, answer.text
            server.wait_until(lambda: staff.get("/api/alerts").json()["alerts"], what="an alert")
        yield server


def login_of(server: LiveServer) -> tuple[str, str]:
    """Said once on the console, at the first start."""
    said = re.search(r"Admin login.*: (\S+) / (\S+)", server.stdout)
    assert said is not None
    return said[1], said[2]


def signed_in_page(browser: Browser, live: LiveServer, locale: str, width: int) -> Page:
    """On the board, without motion, in the light; its context is the caller's to close."""
    context = browser.new_context(
        locale=locale, viewport={"width": width, "height": 860}, color_scheme="light", reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{live.url}/admin/login/?next=/")
    for field, words in zip(("#id_username", "#id_password"), login_of(live), strict=True):
        page.fill(field, words)
    page.press("#id_password", "Enter")
    page.wait_for_url(f"{live.url}/")
    return page


def objections(browser: Browser, live: LiveServer, paths: Sequence[str], seen: tuple[str, int]) -> dict[str, list[str]]:
    """By path: what is serious, in the light and in the dark. `seen`: locale and width. Keeps screenshots."""
    if not AXE.is_file():
        skip_or_fail("axe-core is not installed: npm ci in tests/js")
    page = signed_in_page(browser, live, *seen)
    found = {path: _look_at(page, live.url + path, seen) for path in paths}
    page.context.close()
    return {path: words for path, words in found.items() if words}


def _look_at(page: Page, address: str, seen: tuple[str, int]) -> list[str]:
    locale, width = seen
    page.emulate_media(color_scheme="light")
    page.goto(address)
    if page.locator("[data-pill]").count():
        expect(page.locator("[data-pill]")).to_have_attribute("data-word", "live", timeout=30_000)
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": AXE.read_text()})  # as a debugger: the policy forbids a script
    found: list[str] = page.evaluate(RUN, None)
    _keep(page, address, f"{locale}-{width}-light")
    page.emulate_media(color_scheme="dark")
    page.evaluate(SETTLED)
    found += page.evaluate(RUN, OF_COLOURS)
    _keep(page, address, f"{locale}-{width}-dark")
    session.detach()
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append("wider than the screen")
    if page.evaluate("document.documentElement.lang").split("-")[0] != locale.split("-")[0]:
        found.append("in another language")
    return found


def _keep(page: Page, address: str, name: str) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    place = "-".join(address.split("/")[3:]).strip("-") or "board"
    page.screenshot(path=ARTEFACTS / f"{place}-{name}.png")
