"""What is logged is one line on stderr, once, whoever logs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.services import CHECKOUT

SPEAK = """
import logging, django
django.setup()
for name in ("django", "django.server", "django.request", "market.feed"):
    logging.getLogger(name).error("%s speaks", name)
logging.getLogger("httpx").info("a line per request")
"""


@pytest.mark.parametrize("debug", ["0", "1"])
def test_each_line_comes_once(tmp_path: Path, debug: str) -> None:
    variables = {"DJANGO_SETTINGS_MODULE": "pricefeed.settings", "VAR_DIR": str(tmp_path), "DEBUG": debug}

    done = subprocess.run(
        [sys.executable, "-c", SPEAK],
        cwd=CHECKOUT,
        env={**os.environ, **variables},
        check=True,
        capture_output=True,
        text=True,
    )

    spoken = [line.split(" ERROR ")[1] for line in done.stderr.splitlines()]
    assert spoken == [
        "django: django speaks",
        "django.server: django.server speaks",
        "django.request: django.request speaks",
        "market.feed: market.feed speaks",
    ]
    assert done.stdout == ""
