"""Static files have hashed names once they are collected, and are served without that too."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.templatetags.static import static
from django.test import AsyncClient
from pytest_django import Settings

SCRIPTS = {
    "shop/page.js": 'import { sum } from "./model/sum.js";\nconsole.log(sum(1, 2));\n',
    "shop/model/sum.js": "export const sum = (a, b) => a + b;\n",
    "shop/shop.css": '@import "tokens.css" layer(tokens);\n',
    "shop/tokens.css": ":root { --color-up: green; }\n",
}


@pytest.fixture
def sources(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    """A folder of static files of our own; nothing is collected yet."""
    for name, text in SCRIPTS.items():
        path = tmp_path / "sources" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    settings.STATICFILES_DIRS = [tmp_path / "sources"]
    settings.STATIC_ROOT = tmp_path / "collected"
    # Only these: the files of the admin take seconds to hash.
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    yield tmp_path / "sources"


async def get(url: str, **headers: str) -> tuple[Any, bytes]:
    answer: Any = await AsyncClient().get(url, headers=headers)
    assert answer.status_code == 200
    return answer, b"".join([part async for part in answer.streaming_content])


async def test_uncollected_files_keep_their_names_and_are_served(sources: Path) -> None:
    assert static("shop/page.js") == "/static/shop/page.js"

    _, body = await get("/static/shop/page.js")

    assert body.decode() == SCRIPTS["shop/page.js"]


async def test_a_collected_file_may_be_kept_for_ever(sources: Path) -> None:
    call_command("collectstatic", interactive=False, verbosity=0)

    url = static("shop/page.js")
    answer, _ = await get(url)

    assert re.fullmatch(r"/static/shop/page\.[0-9a-f]{12}\.js", url)
    assert "immutable" in answer["Cache-Control"]
    assert answer["Content-Type"].startswith("text/javascript")


async def test_imports_between_modules_follow_the_names(sources: Path) -> None:
    call_command("collectstatic", interactive=False, verbosity=0)

    _, script = await get(static("shop/page.js"))
    _, style = await get(static("shop/shop.css"))

    assert static("shop/model/sum.js").removeprefix("/static/shop/") in script.decode()
    assert static("shop/tokens.css").removeprefix("/static/shop/") in style.decode()


def test_a_change_below_changes_the_names_above(sources: Path) -> None:
    call_command("collectstatic", interactive=False, verbosity=0)
    before = static("shop/page.js")

    (sources / "shop/model/sum.js").write_text("export const sum = (a, b) => b + a;\n")
    call_command("collectstatic", interactive=False, verbosity=0)

    assert static("shop/page.js") != before


def test_a_file_that_came_after_collecting_keeps_its_name(sources: Path) -> None:
    call_command("collectstatic", interactive=False, verbosity=0)

    assert static("shop/new.js") == "/static/shop/new.js"
