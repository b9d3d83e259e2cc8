"""`manage.py serve --demo` as a process of its own: the whole path of a price, for tests that stand outside."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Self

from tests.support.services import CHECKOUT, end, wait_until

ADDRESS = re.compile(r" on (http://\S+)/ ")
LOGIN = re.compile(r"^Admin login, .*: (\S+) / (\S+)$", re.MULTILINE)


class DemoServer:
    """Keeps all its files in `folder`. `url` has no slash at its end; `login` is (name, password)."""

    url: str
    login: tuple[str, str]

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = folder / "serve.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        environment = {**os.environ, "VAR_DIR": str(self._folder / "var"), "PYTHONUNBUFFERED": "1"}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--demo", "--port", "0"],
                cwd=CHECKOUT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_until(self._serves, what="serve --demo", deadline=60)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            end(self._process)

    def log(self) -> str:
        return self._log.read_text()

    def _serves(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"serve --demo ended: {self.log()}")
        log = self.log()
        address, login = ADDRESS.search(log), LOGIN.search(log)
        if address is None or login is None or "prices are live" not in log:
            return False
        self.url, self.login = address[1], (login[1], login[2])
        return True
