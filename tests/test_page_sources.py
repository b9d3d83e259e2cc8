"""The page's files keep their layers, and nothing in them goes round the content security policy."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.services import CHECKOUT

# A folder of static/market/js -> the folders it may import from. messages.js holds types only; what others wrote
# (static/vendor) draws, so it is for the view.
LAYERS = {
    "messages.js": set[str](),
    "words.js": set[str](),
    "model": {"model", "messages.js", "words.js"},
    "live": {"live", "model", "messages.js", "words.js"},
    "view": {"view", "model", "messages.js", "words.js", "vendor"},
    "page": {"page", "live", "view", "model", "messages.js", "words.js"},
}
IMPORT = re.compile(
    r"""^(?:import|export)\b[^;'"]*?\bfrom\s*["'](.+?)["'](;?)|^import\s*["'](.+?)["'](;?)""", re.MULTILINE
)
NOT_IN_SCRIPTS = ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", " import("]
NOT_IN_THE_MODEL = ["document.", "window.", "fetch(", "new WebSocket", "new EventSource"]
NOT_IN_THE_VIEW = ["fetch(", "new WebSocket", "new EventSource"]
NOT_IN_TEMPLATES = [r"<script(?![^>]*\bsrc=)", r"<style", r"\sstyle=", r"\son\w+\s*=", r"javascript:"]
SCRIPT_LINES, STYLE_LINES = 300, 200

Check = Callable[[Path], Iterator[str]]


def scripts(root: Path) -> list[Path]:
    return sorted((root / "static/market/js").rglob("*.js"))


def layer(root: Path, file: Path) -> str:
    if file.is_relative_to(root / "static/vendor"):
        return "vendor"
    return file.relative_to(root / "static/market/js").parts[0]


def wrong_imports(root: Path) -> Iterator[str]:
    """Also what the hashing of file names cannot rewrite: no semicolon, no relative path, no .js."""
    for file in scripts(root):
        for match in IMPORT.finditer(file.read_text()):
            target, end = match[1] or match[3], match[2] or match[4]
            if not (target.startswith(".") and target.endswith((".js", ".mjs")) and end):
                yield f"{file.name}: {match[0]!r} is not a relative path to a .js file and a semicolon"
            elif layer(root, (file.parent / target).resolve()) not in LAYERS[layer(root, file)]:
                yield f"{file.name}: {layer(root, file)} imports {target}"


def circular_imports(root: Path) -> Iterator[str]:
    def walk(file: Path, above: tuple[Path, ...]) -> Iterator[str]:
        if file in above:
            yield " -> ".join(step.name for step in (*above, file))
        elif file.is_file() and layer(root, file) != "vendor":
            for match in IMPORT.finditer(file.read_text()):
                yield from walk((file.parent / (match[1] or match[3])).resolve(), (*above, file))

    for file in scripts(root):
        yield from walk(file.resolve(), ())


def forbidden_words(root: Path) -> Iterator[str]:
    more = {"model": NOT_IN_THE_MODEL, "view": NOT_IN_THE_VIEW}
    for file in scripts(root):
        text = re.sub(r"/\*.*?\*/|^\s*//.*?$", "", file.read_text(), flags=re.DOTALL | re.MULTILINE)
        for word in [*NOT_IN_SCRIPTS, *more.get(layer(root, file), [])]:
            if word in text:
                yield f"{file.name}: {word.strip()} in {layer(root, file)}"


def long_files(root: Path) -> Iterator[str]:
    for file in scripts(root):
        if (lines := len(file.read_text().splitlines())) > SCRIPT_LINES:
            yield f"{file.name}: {lines} lines, more than {SCRIPT_LINES}"
    for file in sorted((root / "static").rglob("*.css")):
        if (lines := len(file.read_text().splitlines())) > STYLE_LINES:
            yield f"{file.name}: {lines} lines, more than {STYLE_LINES}"


def inline_code(root: Path) -> Iterator[str]:
    for file in sorted((root / "templates").rglob("*.html")):
        if file.name == "mail.html":
            continue  # a mail has no style sheet, and no policy of ours applies to it
        for pattern in NOT_IN_TEMPLATES:
            if found := re.search(pattern, file.read_text()):
                yield f"{file.name}: {found[0]!r} inline"


def unruly_styles(root: Path) -> Iterator[str]:
    for file in sorted((root / "static").rglob("*.css")):
        if found := re.search(r"!important|^\s*#[\w-]+[^;]*\{", file.read_text(), re.MULTILINE):
            yield f"{file.name}: {found[0]!r}"


CHECKS: list[Check] = [wrong_imports, circular_imports, forbidden_words, long_files, inline_code, unruly_styles]

VIOLATIONS = [
    (wrong_imports, "static/market/js/view/row.js", 'import { follow } from "../live/follow.js";', "view imports"),
    (wrong_imports, "static/market/js/model/row.js", 'import { a } from "./b.js"\n', "semicolon"),
    (wrong_imports, "static/market/js/page/row.js", 'import {\n  a,\n} from "/static/b.js";', "relative"),
    (wrong_imports, "static/market/js/live/row.js", 'import { a } from "../../../vendor/a/a.mjs";', "imports"),
    (circular_imports, "static/market/js/model/a.js", 'import "./a.js";', "a.js -> a.js"),
    (forbidden_words, "static/market/js/view/row.js", "cell.innerHTML = price;", "innerHTML"),
    (forbidden_words, "static/market/js/model/row.js", "fetch(url);", "fetch("),
    (long_files, "static/market/js/page/board.js", "\n" * 301, "301 lines"),
    (long_files, "static/market/css/board.css", "\n" * 201, "201 lines"),
    (inline_code, "templates/board.html", "<script>alert(1)</script>", "inline"),
    (inline_code, "templates/board.html", '<b style="color: red">', "inline"),
    (unruly_styles, "static/market/css/board.css", "a { color: red !important; }", "!important"),
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
def test_the_page_has_no(check: Check) -> None:
    found = list(check(CHECKOUT))

    assert not found, "\n" + "\n".join(found)


def test_there_are_scripts_to_check() -> None:
    assert {layer(CHECKOUT, file) for file in scripts(CHECKOUT)} == set(LAYERS)


@pytest.mark.parametrize(("check", "place", "text", "sentence"), VIOLATIONS)
def test_a_planted_violation_is_noticed(tmp_path: Path, check: Check, place: str, text: str, sentence: str) -> None:
    planted = tmp_path / place
    planted.parent.mkdir(parents=True)
    planted.write_text(text)

    found = list(check(tmp_path))

    assert found
    assert sentence in found[0]
