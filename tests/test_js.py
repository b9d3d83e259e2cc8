"""The page's modules pass their own tests under Node."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.services import CHECKOUT

TESTS = CHECKOUT / "tests/js"
READS_MODULES_BY_ITSELF = (20, 19)  # newer ones see from a .js file's text that it is a module
DEADLINE = 100  # seconds


def module_flags(node: Path) -> list[str]:
    """What this Node needs to take a .js file without a package.json for a module."""
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    major, minor = map(int, re.findall(r"\d+", version)[:2])
    return [] if (major, minor) >= READS_MODULES_BY_ITSELF else ["--experimental-default-type=module"]


def test_the_page_passes_its_own_tests(node: Path) -> None:
    files = sorted(TESTS.glob("*.test.js"))
    if not files:
        pytest.fail("there are no tests in tests/js")

    run = subprocess.run(
        [node, *module_flags(node), "--test", *files],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"^# pass [1-9]|^ℹ pass [1-9]", run.stdout, re.MULTILINE), run.stdout
