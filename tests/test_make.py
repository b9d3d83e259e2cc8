"""`make demo` as a person uses it: in a terminal, started, stopped with Ctrl-C, started twice by mistake."""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.services import CHECKOUT, end, free_port, wait_until

# Makes the terminal on its standard input its own, as a login does, and becomes `make`.
LOGIN = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp('make', sys.argv[1:])"
CTRL_C = b"\x03"


class Terminal:
    """A terminal in which `make` runs; `shown()` is all that can be read on it so far."""

    def __init__(self, *arguments: str, env: Mapping[str, str]) -> None:
        self._keyboard, inside = os.openpty()
        os.set_blocking(self._keyboard, False)
        self._shown = b""
        self.process = subprocess.Popen(
            [sys.executable, "-c", LOGIN, "make", *arguments],
            cwd=CHECKOUT,
            env=env,
            start_new_session=True,
            stdin=inside,
            stdout=inside,
            stderr=inside,
        )
        os.close(inside)

    def type(self, keys: bytes) -> None:
        os.write(self._keyboard, keys)

    def shown(self) -> str:
        # Said when there is nothing more for now, and when nobody is left inside.
        with contextlib.suppress(OSError):
            while piece := os.read(self._keyboard, 4096):
                self._shown += piece
        return self._shown.decode(errors="replace")

    def shows(self, pattern: str) -> bool:
        return re.search(pattern, self.shown()) is not None

    def close(self) -> None:
        end(self.process)
        os.close(self._keyboard)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """As in a new shell, also where the tests run under make; with files of its own."""
    if not (CHECKOUT / ".venv/.complete").exists():
        pytest.skip("make has not installed .venv")
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return {**outer, "VAR_DIR": str(tmp_path / "var")}


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def terminal(environment: dict[str, str], port: int) -> Iterator[Terminal]:
    terminal = Terminal("demo", f"PORT={port}", env=environment)
    try:
        wait_until(lambda: terminal.shows(rf"http://127\.0\.0\.1:{port}/"), what="make demo", deadline=60)
        yield terminal
    finally:
        terminal.close()


def test_ctrl_c_ends_it_without_a_complaint(terminal: Terminal) -> None:
    terminal.type(CTRL_C)

    code = terminal.process.wait(20)

    assert code == 0, terminal.shown()
    assert "Traceback" not in terminal.shown()
    assert "Error" not in terminal.shown()


def test_the_first_start_prints_a_login_once(terminal: Terminal, environment: dict[str, str], port: int) -> None:
    assert terminal.shows(r"Admin login, shown only this once: admin / \S+")
    terminal.type(CTRL_C)
    terminal.process.wait(20)

    again = Terminal("demo", f"PORT={port}", env=environment)

    try:
        wait_until(lambda: again.shows(rf"http://127\.0\.0\.1:{port}/"), what="make demo again", deadline=60)
        assert not again.shows("Admin login")
    finally:
        again.close()


def test_a_busy_port_is_one_clear_line(terminal: Terminal, environment: dict[str, str], port: int) -> None:
    second = subprocess.run(
        ["make", "demo", f"PORT={port}"], cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False
    )

    assert second.returncode != 0
    own_words = [line for line in (second.stdout + second.stderr).splitlines() if not line.startswith("make: ")]
    assert own_words == [f"Cannot listen on 127.0.0.1:{port}: address already in use."]


def test_a_python_that_is_too_old_is_one_clear_line(tmp_path: Path, environment: dict[str, str]) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    (tmp_path / "requirements.txt").touch()

    run = subprocess.run(
        ["make", "-f", CHECKOUT / "Makefile", "run", f"PYTHON={old}"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode != 0
    assert run.stderr.splitlines()[0].startswith("pricefeed needs Python 3.11, 3.12 or 3.13")
