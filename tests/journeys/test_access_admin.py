"""Pages of the admin for everybody: axe has no serious objection, and nothing is wider than the screen."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.axe import demo_with_an_alert, objections
from tests.support.live import LiveServer

PATHS = (
    *("/admin/", "/admin/market/watchedsymbol/", "/admin/market/watchedsymbol/1/change/"),
    *("/admin/market/watchedsymbol/1/history/", "/admin/market/watchedsymbol/test-broadcast/"),
    *("/admin/market/alertrule/", "/admin/market/alertrule/add/", "/admin/market/alertrule/1/change/"),
    *("/admin/market/alertrule/1/history/", "/admin/market/alert/", "/admin/market/alert/1/change/"),
    *("/admin/market/recipient/", "/admin/market/recipient/add/", "/admin/market/delivery/"),
    "/admin/market/candleseries/",
)


@pytest.fixture(scope="module")
def live() -> Iterator[LiveServer]:
    with demo_with_an_alert() as server:
        yield server


@pytest.mark.parametrize("seen", [("zh-CN", 380), ("en-US", 1280)], ids=str)
def test_axe_finds_nothing_serious_and_nothing_overflows(
    browser: Browser, live: LiveServer, seen: tuple[str, int]
) -> None:
    assert objections(browser, live, PATHS, seen) == {}
