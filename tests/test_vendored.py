"""What others wrote and we serve is what they published, with its licence."""

import hashlib
from pathlib import Path

import pytest

from tests.support.services import CHECKOUT

VENDOR = CHECKOUT / "static/vendor"
FOLDERS = sorted(folder for folder in VENDOR.iterdir() if folder.is_dir())
SUMS = "SHA256SUMS"
OURS = {SUMS, "NOTICE"}


def sums(folder: Path) -> dict[str, str]:
    """The checksum of each file, as `sha256sum` writes them."""
    lines = (folder / SUMS).read_text().splitlines()
    return {name: digest for digest, name in (line.split(maxsplit=1) for line in lines)}


def test_there_is_something_vendored() -> None:
    assert VENDOR / "lightweight-charts" in FOLDERS


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.name))
def test_every_file_is_the_one_that_was_published(folder: Path) -> None:
    found = {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file() and file.name not in OURS
    }

    assert found == sums(folder)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.name))
def test_its_licence_and_its_origin_lie_beside_it(folder: Path) -> None:
    assert "LICENSE" in sums(folder)
    assert "http" in (folder / "NOTICE").read_text()
