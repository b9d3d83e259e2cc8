"""The language of a page and the colour of a rising price: what the browser asks for, then what the reader chose."""

import json
import re

import pytest
from django.conf import settings
from django.test import AsyncClient

from market.relay import Relay
from market.words import words_address
from tests.support.board_page import Element, parse

CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}
PATHS = ["/", "/alerts/", "/nothing-here", "/admin/login/", "/status/"]


async def page_of(client: AsyncClient, path: str = "/", **headers: str) -> Element:
    return parse((await client.get(path, headers=headers)).content.decode())


@pytest.mark.parametrize("path", PATHS)
async def test_a_page_is_in_the_language_of_the_browser_and_says_which(relay: Relay, path: str) -> None:
    client = AsyncClient()

    english, chinese = await page_of(client, path), await page_of(client, path, **CHINESE)

    assert english.one("html").attributes["lang"] in ("en", "en-us")
    assert chinese.one("html").attributes["lang"] == "zh-hans"
    assert re.search("[\u4e00-\u9fff]", chinese.one("title").text)
    assert not re.search("[\u4e00-\u9fff]", english.one("title").text)


async def test_a_language_that_there_is_not_is_english(relay: Relay) -> None:
    page = await page_of(AsyncClient(), **{"Accept-Language": "tlh"})

    assert page.one("html").attributes["lang"] == settings.LANGUAGE_CODE == "en"


async def test_the_switch_is_a_form_that_works_without_a_script(relay: Relay) -> None:
    client = AsyncClient()
    form = (await page_of(client, "/alerts/?state=active")).one("form", action="/look/")
    hidden = {field.attributes["name"]: field.attributes["value"] for field in form.all("input")}

    answer = await client.post("/look/", {**hidden, "language": "zh-hans"})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/alerts/?state=active")
    cookie = answer.cookies[settings.LANGUAGE_COOKIE_NAME]
    assert (cookie.value, cookie["samesite"], cookie["httponly"]) == ("zh-hans", "Lax", True)
    chosen = (await page_of(client, **{"Accept-Language": "en"})).one("form", action="/look/")
    current = [button.attributes["value"] for button in chosen.all("button", **{"aria-current": "true"})]
    assert current == ["zh-hans", "red"]


async def test_red_rises_where_chinese_is_read_unless_the_reader_says_otherwise(relay: Relay) -> None:
    client = AsyncClient()

    rises = [(await page_of(client, **headers)).one("html").attributes["data-rise"] for headers in ({}, CHINESE)]
    await client.post("/look/", {"rise": "green"})
    chosen = (await page_of(client, **CHINESE)).one("html").attributes["data-rise"]

    assert (rises, chosen) == (["green", "red"], "green")


@pytest.mark.parametrize("field", ["language", "rise"])
async def test_nonsense_changes_nothing(relay: Relay, field: str) -> None:
    answer = await AsyncClient().post("/look/", {field: "klingon", "next": "https://evil.example/"})

    assert (answer.status_code, answer.headers["Location"], answer.cookies) == (302, "/", {})


@pytest.mark.parametrize(("site", "status"), [("same-origin", 302), ("none", 302), ("cross-site", 403)])
async def test_another_site_cannot_choose(relay: Relay, site: str, status: int) -> None:
    answer = await AsyncClient().post("/look/", {"language": "zh-hans"}, headers={"Sec-Fetch-Site": site})

    assert answer.status_code == status
    assert bool(answer.cookies) == (status == 302)


async def test_looking_at_the_form_is_not_choosing(relay: Relay) -> None:
    assert (await AsyncClient().get("/look/?language=zh-hans")).status_code == 405


async def test_the_words_of_scripts_are_a_script_that_browsers_may_keep(relay: Relay) -> None:
    client = AsyncClient()
    page = await page_of(client, **CHINESE)
    addresses = [script.attributes["src"] for script in page.all("script") if "/words/" in script.attributes["src"]]

    answer = await client.get(addresses[0])

    assert addresses == [words_address("zh-hans")]
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    found = re.fullmatch(
        r"globalThis\.pricefeedWords = \{\.\.\.(\{.*\}), plural: \(n\) => Number\(0\)\};\n", answer.content.decode()
    )
    assert found
    words = json.loads(found[1])
    assert words["catalog"]["LIVE"] == "实时"
    assert words["phrases"]
    for pattern, _ in words["phrases"]:
        re.compile(pattern.replace("(?<", "(?P<"))


async def test_words_of_another_version_are_todays_and_not_kept(relay: Relay) -> None:
    old = await AsyncClient().get("/words/zh-hans.0123456789ab.js")
    unknown = await AsyncClient().get("/words/tlh.0123456789ab.js")

    assert (old.status_code, old.headers["Cache-Control"], unknown.status_code) == (200, "no-cache", 404)


async def test_english_needs_no_words(relay: Relay) -> None:
    page = await page_of(AsyncClient())

    assert [script for script in page.all("script") if "/words/" in script.attributes["src"]] == []


async def test_the_protocol_stays_english(relay: Relay) -> None:
    for path in ("/api/nothing", "/api/alerts?limit=x", "/api/candles?symbol=NONE"):
        chinese = await AsyncClient().get(path, headers=CHINESE)
        english = await AsyncClient().get(path)

        assert chinese.status_code >= 400
        assert chinese.json() == english.json()
