"""The README, the settings, the commands and the exchanges say the same."""

import re
from pathlib import Path

import pytest

from market.exchanges import EXCHANGES
from tests.support.architecture import ROW_OF
from tests.support.readme import README, documented_settings, environment_names, readme_examples
from tests.support.services import CHECKOUT

COMMANDS = sorted(
    file.stem for file in (CHECKOUT / "market/management/commands").glob("*.py") if not file.stem.startswith("_")
)


def test_the_readme_lists_exactly_the_settings_that_are_read() -> None:
    assert sorted(documented_settings()) == sorted(environment_names())


@pytest.mark.parametrize("command", COMMANDS)
def test_the_readme_names_the_command(command: str) -> None:
    assert re.search(rf"manage\.py {command}\b", README.read_text())


@pytest.mark.parametrize("exchange", sorted(EXCHANGES))
def test_the_exchange_has_payloads_and_tests(exchange: str) -> None:
    folder = CHECKOUT / "tests/exchanges"

    assert list((folder / "payloads" / exchange).glob("*.json"))
    assert (folder / f"test_{exchange}.py").is_file()


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "docs/architecture.md"])
def test_links_within_the_project_lead_somewhere(name: str) -> None:
    document = CHECKOUT / name
    links = re.findall(r"\]\((?!\w+:|#)([^)#]+)[^)]*\)", document.read_text())

    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_map_puts_every_module_in_its_row() -> None:
    table = re.findall(r"^\| (\d).*? \| .*? \| (.*) \|$", (CHECKOUT / "docs/architecture.md").read_text(), re.MULTILINE)
    shown = {(int(row), name) for row, names in table for name in re.findall(r"`(\w+)`", names)}
    files = {file.stem for file in (CHECKOUT / "market").iterdir()}

    known = {(row, name.removeprefix("market.")) for name, row in ROW_OF.items()}

    assert shown == {(row, name) for row, name in known if name in files or name == "pricefeed"}


@pytest.mark.parametrize("target", ["run", "demo", "test", "lint", "bench", "soak", "clean"])
def test_the_readme_names_the_target_that_make_has(target: str) -> None:
    assert f"make {target}" in README.read_text()
    assert re.search(rf"^{target}:", (CHECKOUT / "Makefile").read_text(), re.MULTILINE)


def test_python_examples_are_whole_programs() -> None:
    examples = readme_examples("python")

    assert examples
    for example in examples:
        compile(example.code, f"README.md:{example.line}", "exec")


def test_the_changelog_has_the_version_of_the_project() -> None:
    version = re.search(r'^version = "(.+)"$', Path(CHECKOUT / "pyproject.toml").read_text(), re.MULTILINE)

    assert version is not None
    assert f"## [{version[1]}]" in (CHECKOUT / "CHANGELOG.md").read_text()
