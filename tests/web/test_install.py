"""What makes the board an application: manifest, service worker and the page for when nothing can be reached."""

import json
import re
from typing import Any

from django.contrib.staticfiles import finders
from django.test import AsyncClient

from tests.support.board_page import parse


async def worker(async_client: AsyncClient, **headers: str) -> tuple[dict[str, Any], Any]:
    """What the worker is told, and the response."""
    response = await async_client.get("/service-worker.js", headers=headers)
    told = re.match(r"self\.pricefeed = (\{.*\});\n", response.content.decode())
    assert told is not None
    return json.loads(told[1]), response


def found(address: str) -> bool:
    name = re.sub(r"\.[0-9a-f]{12}(?=\.\w+$)", "", address.removeprefix("/static/"))
    return finders.find(name) is not None


async def test_the_manifest_lets_browsers_install_the_board(async_client: AsyncClient) -> None:
    response = await async_client.get("/manifest.webmanifest")

    manifest = response.json()
    assert response.headers["Content-Type"].startswith("application/manifest+json")
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == ("/", "/", "standalone")
    assert {(icon["sizes"], icon["purpose"]) for icon in manifest["icons"]} == {
        ("192x192", "any"),
        ("512x512", "any"),
        ("512x512", "maskable"),
    }
    assert all(found(icon["src"]) for icon in manifest["icons"])


async def test_the_worker_is_asked_for_anew_each_time_and_may_serve_the_whole_site(async_client: AsyncClient) -> None:
    _, response = await worker(async_client)

    assert response.headers["Content-Type"].startswith("text/javascript")
    assert response.headers["Cache-Control"] == "no-cache"
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]


async def test_the_worker_keeps_a_page_without_prices_and_what_it_is_made_of(async_client: AsyncClient) -> None:
    told, _ = await worker(async_client)
    page = (await async_client.get(told["offline"])).content.decode()

    assert all(found(address) for address in told["shell"])
    assert not [address for address in told["shell"] if not address.startswith("/static/market/")]
    loaded = re.findall(r'(?:src|href)="(/static/[^"]+\.(?:js|css|svg))"', page)
    assert set(loaded) <= set(told["shell"])
    assert "data-board" not in page and "data-quotes" not in page
    assert parse(page).one("h1").text == "No connection to the server"


async def test_another_language_is_another_worker(async_client: AsyncClient) -> None:
    english, _ = await worker(async_client)
    again, _ = await worker(async_client)
    chinese, _ = await worker(async_client, **{"Accept-Language": "zh-hans"})

    assert english["version"] == again["version"] != chinese["version"]


async def test_every_page_names_the_manifest(async_client: AsyncClient) -> None:
    page = parse((await async_client.get("/nowhere")).content.decode())

    assert page.one("link", rel="manifest").attributes["href"] == "/manifest.webmanifest"
