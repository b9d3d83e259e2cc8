"""The catalogs of words: taken anew from the sources by gettext, compared with what is committed, and compiled.

`python -m tests.support.catalogs` (make words) brings locale/ up to date; new sentences are left for a translator.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polib

from tests.support.services import CHECKOUT

Entry = polib.POEntry | polib.MOEntry

LOCALE = "zh_Hans"
DOMAINS = ("django", "djangojs")
SOURCES = ("market", "pricefeed", "static/market", "templates")
HEAD = {
    "Project-Id-Version": "pricefeed",
    "Language": LOCALE,
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=1; plural=0;",
}


def catalog_path(domain: str, root: Path = CHECKOUT) -> Path:
    return root / f"locale/{LOCALE}/LC_MESSAGES/{domain}.po"


def extract(folder: Path) -> None:
    """The catalogs of today's sources, below `folder`, which is empty, with the translations that are committed."""
    for source in ("manage.py", "locale", *SOURCES):
        here = CHECKOUT / source
        (folder / source).parent.mkdir(parents=True, exist_ok=True)
        if here.is_dir():
            shutil.copytree(here, folder / source, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(here, folder / source)
    for domain in DOMAINS:
        command = [sys.executable, "manage.py", "makemessages", "-l", LOCALE, "-d", domain, "--no-location"]
        environment = {**os.environ, "VAR_DIR": str(folder / "var"), "LANGUAGE_CODE": "en"}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode or "warning" in done.stderr.lower():
            raise RuntimeError(f"makemessages: {done.stdout}{done.stderr}")
        tidy(catalog_path(domain, folder))


def tidy(path: Path) -> None:
    """Without dates, guesses and what is not used any more: the same sources make the same file."""
    catalog = polib.pofile(str(path), wrapwidth=100)
    kept = polib.POFile(wrapwidth=100)
    kept.metadata = HEAD
    for entry in catalog:
        if entry.obsolete:
            continue
        if entry.fuzzy:
            entry.flags.remove("fuzzy")
            entry.msgstr, entry.msgstr_plural = "", dict.fromkeys(entry.msgstr_plural, "")
        entry.previous_msgid = entry.previous_msgid_plural = entry.previous_msgctxt = None
        kept.append(entry)
    kept.save(str(path))


def entries(path: Path) -> dict[tuple[str, str], Entry]:
    """By context and English words; `path` is a .po or a .mo."""
    catalog = polib.mofile(str(path)) if path.suffix == ".mo" else polib.pofile(str(path))
    return {(entry.msgctxt or "", entry.msgid): entry for entry in catalog if not entry.obsolete}


def translations(entry: Entry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def untranslated(path: Path) -> Iterator[str]:
    for entry in polib.pofile(str(path)):
        if entry.fuzzy or not all(translations(entry)):
            yield entry.msgid


def _bring_up_to_date(folder: Path) -> None:
    extract(folder)
    for domain in DOMAINS:
        path = catalog_path(domain)
        shutil.copy(catalog_path(domain, folder), path)
        polib.pofile(str(path)).save_as_mofile(str(path.with_suffix(".mo")))
        for english in untranslated(path):
            print(f"{domain}: {english!r}")


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        _bring_up_to_date(Path(name))
