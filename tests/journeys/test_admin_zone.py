"""Staff in another zone than the server: what the admin shows and reads is on their own clock."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.axe import demo_with_an_alert, login_of
from tests.support.browser import ARTEFACTS
from tests.support.live import LiveServer

RULE = "/admin/market/alertrule/1/change/"
SHANGHAI, BERLIN, UTC = "Asia/Shanghai", "Europe/Berlin", "UTC"
COOKIE = "pricefeed_zone"


@pytest.fixture(scope="module")
def live() -> Iterator[LiveServer]:
    with demo_with_an_alert() as server:
        yield server


@pytest.fixture
def shanghai(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(timezone_id=SHANGHAI, locale="en-US", viewport={"width": 1280, "height": 860}) as context:
        yield context


def sign_in(context: BrowserContext, live: LiveServer) -> Page:
    page = context.new_page()
    page.goto(f"{live.url}/admin/")
    for field, words in zip(("#id_username", "#id_password"), login_of(live), strict=True):
        page.fill(field, words)
    page.press("#id_password", "Enter")
    page.wait_for_url(f"{live.url}/admin/")
    return page


def expect_zone(page: Page, zone: str) -> None:
    expect(page.locator("#footer .zone")).to_have_text(f"Times are in {zone}.")


def pause(page: Page, day: str, clock: str) -> None:
    page.fill("#id_paused_until_0", day)
    page.fill("#id_paused_until_1", clock)


def save_and_stay(page: Page) -> None:
    page.click("input[name=_continue]")
    expect(page.locator(".messagelist .success")).to_be_visible()


def paused_until(page: Page) -> str:
    return " ".join(page.input_value(f"#id_paused_until_{part}") for part in (0, 1))


def as_in(page: Page, live: LiveServer, zone: str) -> str:
    """How the rule's page has it for somebody whose zone that is."""
    cookies = [{"name": each["name"], "value": each["value"]} for each in page.context.cookies()]
    words = "; ".join(f"{each['name']}={zone if each['name'] == COOKIE else each['value']}" for each in cookies)
    answer = page.request.get(live.url + RULE, headers={"Cookie": words}).text()
    found = [re.search(rf'name="paused_until_{part}" value="([^"]*)"', answer) for part in (0, 1)]
    return " ".join(each[1] for each in found if each)


def test_from_the_first_page_after_signing_in_times_are_those_of_the_reader(
    shanghai: BrowserContext, live: LiveServer
) -> None:
    page = sign_in(shanghai, live)
    expect_zone(page, SHANGHAI)

    page.goto(f"{live.url}/admin/market/alert/")
    expect(page.locator("#result_list tbody tr").first).to_contain_text(re.compile(r"\d\d:\d\d:\d\d CST"))
    expect_zone(page, SHANGHAI)
    _keep(page, "alerts")

    page.goto(live.url + RULE)
    expect(page.locator(".timezonewarning")).to_have_count(0)
    pause(page, "2040-01-10", "10:00:00")
    save_and_stay(page)
    assert paused_until(page) == "2040-01-10 10:00:00"
    assert as_in(page, live, UTC) == "2040-01-10 02:00:00"
    assert as_in(page, live, BERLIN) == "2040-01-10 03:00:00"
    _keep(page, "rule")


def test_a_form_of_before_the_zone_was_known_is_read_as_it_was_shown(
    shanghai: BrowserContext, live: LiveServer
) -> None:
    """Two windows: what one of them tells the server does not reach what is typed in the other."""
    page = sign_in(shanghai, live)
    shanghai.clear_cookies(name=COOKIE)
    page.goto(live.url + RULE)
    expect_zone(page, UTC)
    expect(page.locator(".timezonewarning").first).to_contain_text("8 hours ahead")
    shanghai.new_page().goto(f"{live.url}/admin/")
    assert {each["name"]: each.get("value") for each in shanghai.cookies()}[COOKIE] == SHANGHAI
    assert page.evaluate("document.cookie.includes('pricefeed_zone=Asia/Shanghai')")

    pause(page, "2041-01-10", "10:00:00")
    save_and_stay(page)

    expect_zone(page, SHANGHAI)
    assert paused_until(page) == "2041-01-10 18:00:00"
    assert as_in(page, live, UTC) == "2041-01-10 10:00:00"


def test_who_moves_to_another_zone_is_followed(browser: Browser, shanghai: BrowserContext, live: LiveServer) -> None:
    sign_in(shanghai, live)
    with browser.new_context(timezone_id=BERLIN, storage_state=shanghai.storage_state()) as context:
        page = context.new_page()
        page.goto(f"{live.url}/admin/")
        expect_zone(page, SHANGHAI)
        page.reload()
        expect_zone(page, BERLIN)

        page.goto(live.url + RULE)
        pause(page, "2040-07-10", "10:00:00")  # summer
        save_and_stay(page)
        assert as_in(page, live, UTC) == "2040-07-10 08:00:00"


def test_the_cookie_goes_to_the_admin_only(shanghai: BrowserContext, live: LiveServer) -> None:
    sign_in(shanghai, live)

    (cookie,) = [each for each in shanghai.cookies() if each.get("name") == COOKIE]
    assert (cookie.get("path"), cookie.get("sameSite"), cookie.get("secure")) == ("/admin/", "Lax", False)


def _keep(page: Page, name: str) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"admin-zone-{name}.png", full_page=True)
