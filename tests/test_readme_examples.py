"""Every example of the README does what it says, against a running server."""

import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest
from playwright.async_api import Page, async_playwright

from tests.support.demo_server import DemoServer
from tests.support.readme import Example, readme_examples
from tests.support.services import CHECKOUT, end

BASE = "127.0.0.1:8000"
DEADLINE = 30  # seconds until an example has said what it says
PRICE = r"^(BTC|ETH|SOL)USDT [0-9.]+$"

# What a curl example asks for -> what of the answer proves it.
ANSWERS = {
    "/api/prices": r'"symbol": ?"BTCUSDT"',
    "/api/sse/prices": r"^event: price$",
    "/api/sse/status": r'"feed": ?"live"',
    "/events/": r"^event: price_update$",
}
CURL = [example for example in readme_examples("sh") if example.code.startswith("curl ")]
PYTHON = readme_examples("python")
JAVASCRIPT = readme_examples("javascript")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    with DemoServer(tmp_path_factory.mktemp("demo")) as running:
        yield running


def place(example: Example) -> str:
    return f"README.md:{example.line}"


def at(server: DemoServer, example: Example) -> str:
    """The example's code, turned to this server."""
    return example.code.replace(BASE, server.url.removeprefix("http://"))


def says(command: list[str], pattern: str) -> bool:
    """Whether a program prints a line with `pattern` within DEADLINE; it is ended then, as some run for ever."""
    process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    lines: Queue[str | None] = Queue()
    reader = Thread(target=read, args=(process, lines), daemon=True)
    reader.start()
    try:
        while (line := lines.get(timeout=DEADLINE)) is not None:
            if re.search(pattern, line):
                return True
        return False
    finally:
        end(process)
        reader.join()
        assert process.stdout is not None
        process.stdout.close()


def read(process: subprocess.Popen[bytes], lines: "Queue[str | None]") -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line.decode().rstrip("\n"))
    lines.put(None)


def test_there_are_examples_of_every_transport() -> None:
    text = "".join(example.code for example in [*CURL, *PYTHON, *JAVASCRIPT])

    for address in ("/ws/prices", "/api/prices", "/api/sse/prices", "/events/", "/api/sse/status", "test-broadcast"):
        assert address in text


@pytest.mark.parametrize("example", CURL, ids=place)
def test_curl_gets_what_the_readme_says(server: DemoServer, example: Example) -> None:
    path = re.search(rf"{BASE}([^?']*)", example.code)
    assert path is not None

    assert says(["sh", "-c", "exec " + at(server, example)], ANSWERS[path[1]])


@pytest.mark.parametrize("example", PYTHON, ids=place)
def test_python_prints_prices(server: DemoServer, example: Example) -> None:
    assert says([sys.executable, "-c", at(server, example)], PRICE)


@asynccontextmanager
async def browsing(chromium: Path, server: DemoServer) -> AsyncIterator[Page]:
    """A browser that is signed in to the admin."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page()
        name, password = server.login
        await page.goto(f"{server.url}/admin/")
        await page.fill("#id_username", name)
        await page.fill("#id_password", password)
        await page.click("[type=submit]")
        yield page
        await browser.close()


@pytest.mark.parametrize("example", JAVASCRIPT, ids=place)
async def test_javascript_prints_what_it_gets(chromium: Path, server: DemoServer, example: Example) -> None:
    expected = r"^200$" if "test-broadcast" in example.code else PRICE
    async with browsing(chromium, server) as page:
        printed = page.expect_console_message(lambda message: bool(re.search(expected, message.text)))
        async with printed:
            await page.evaluate("async () => {" + at(server, example) + "}")
