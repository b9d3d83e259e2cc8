"""Every example of the README does what it says, against a running server."""

import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Timer

import httpx
import pytest
from playwright.async_api import Page, async_playwright

from tests.support.live import LiveServer
from tests.support.readme import Example, readme_examples
from tests.support.services import CHECKOUT, end

BASE = "127.0.0.1:8000"
DEADLINE = 30  # seconds until an example has said what it says
PRICE = r"^(BTC|ETH|SOL)USDT [0-9.]+$"

# What a curl example asks for -> what of the answer proves it.
ANSWERS = {
    "/api/prices": r'"symbol": ?"BTCUSDT"',
    "/api/candles": r'"interval": ?"5m".*"complete": ?true.*"closed": ?(true|false)',
    "/api/sse/prices": r"^event: price$",
    "/api/sse/status": r'"feed": ?"live"',
    "/events/": r"^event: price_update$",
}
CURL = [example for example in readme_examples("sh") if example.code.startswith("curl ")]
PYTHON = readme_examples("python")
JAVASCRIPT = readme_examples("javascript")


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    with LiveServer("--demo", feed="live") as running:
        running.wait_until(lambda: has_a_price(running, "BTCUSDT"), what="a price")
        running.wait_until(lambda: has_loaded_candles(running, "BTCUSDT"), what="loaded candles", deadline=60)
        yield running


def has_a_price(server: LiveServer, symbol: str) -> bool:
    answer = httpx.get(f"{server.url}/api/prices", params={"symbols": symbol})
    return bool(answer.json()["data"])


def has_loaded_candles(server: LiveServer, symbol: str) -> bool:
    """The newest hundred are there: loading them begins with the first price and takes a while."""
    query: dict[str, str | int] = {"symbol": symbol, "interval": "5m", "limit": 100}
    answer = httpx.get(f"{server.url}/api/candles", params=query).json()
    return bool(answer["complete"]) and len(answer["data"]) == 100


def place(example: Example) -> str:
    return f"README.md:{example.line}"


def at(server: LiveServer, example: Example) -> str:
    """The example's code, turned to this server."""
    return example.code.replace(BASE, server.url.removeprefix("http://"))


def until_it_says(pattern: str, command: list[str]) -> str:
    """What a program printed, up to a line with `pattern` or until DEADLINE; it is ended then."""
    process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    ending = Timer(DEADLINE, process.kill)
    ending.start()
    said = ""
    for line in process.stdout:
        said += line.decode()
        if re.search(pattern, said, re.MULTILINE):
            break
    ending.cancel()
    end(process)
    process.stdout.close()
    return said


def test_there_are_examples_of_every_transport() -> None:
    text = "".join(example.code for example in [*CURL, *PYTHON, *JAVASCRIPT])

    for address in ("/ws/prices", "/api/prices", "/api/sse/prices", "/events/", "/api/sse/status", "test-broadcast"):
        assert address in text


@pytest.mark.parametrize("example", CURL, ids=place)
def test_curl_gets_what_the_readme_says(server: LiveServer, example: Example) -> None:
    path = re.search(rf"{BASE}([^?']*)", example.code)
    assert path is not None

    said = until_it_says(ANSWERS[path[1]], ["sh", "-c", "exec " + at(server, example)])

    assert re.search(ANSWERS[path[1]], said, re.MULTILINE), said


@pytest.mark.parametrize("example", PYTHON, ids=place)
def test_python_prints_prices(server: LiveServer, example: Example) -> None:
    said = until_it_says(PRICE, [sys.executable, "-c", at(server, example)])

    assert re.search(PRICE, said, re.MULTILINE), said


def first_login(server: LiveServer) -> tuple[str, str]:
    """Name and password, as the first start prints them."""
    login = re.search(r"^Admin login, .*: (\S+) / (\S+)$", server.stdout, re.MULTILINE)
    assert login is not None, server.stdout
    return login[1], login[2]


@asynccontextmanager
async def browsing(chromium: Path, server: LiveServer) -> AsyncIterator[Page]:
    """A browser that is signed in to the admin."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page()
        name, password = first_login(server)
        await page.goto(f"{server.url}/admin/")
        await page.fill("#id_username", name)
        await page.fill("#id_password", password)
        await page.click("[type=submit]")
        yield page
        await browser.close()


@pytest.mark.parametrize("example", JAVASCRIPT, ids=place)
async def test_javascript_prints_what_it_gets(chromium: Path, server: LiveServer, example: Example) -> None:
    expected = r"^200$" if "test-broadcast" in example.code else PRICE
    async with browsing(chromium, server) as page:
        printed = page.expect_console_message(lambda message: bool(re.search(expected, message.text)))
        async with printed:
            await page.evaluate("async () => {" + at(server, example) + "}")
