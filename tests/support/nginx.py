"""Our nginx configuration under a real nginx, with addresses of this machine in place of the containers'."""

import socket
import subprocess
from pathlib import Path
from typing import Self

from tests.support.services import CHECKOUT, end, free_port, wait_until

CONFIGURATION = CHECKOUT / "docs/deploy/nginx.conf"


class Nginx:
    """nginx as docker-compose.yml runs it, before one web process at `web` (host:port)."""

    def __init__(self, program: Path, *, folder: Path, web: str) -> None:
        self.port = free_port()
        self._program = program
        self._folder = folder
        self._log = folder / "nginx.log"
        self._configuration = folder / "nginx.conf"
        self._configuration.write_text(self._local(CONFIGURATION.read_text(), web=web))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        command = [str(self._program), "-c", str(self._configuration), "-p", str(self._folder)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([*command, "-g", "daemon off;"], stdout=log, stderr=log)
        wait_until(self._listens, what="nginx")
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            end(self._process)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def log(self) -> str:
        return self._log.read_text()

    def _local(self, text: str, *, web: str) -> str:
        """Raises ValueError where the configuration no longer says what is replaced here."""
        for theirs, ours in {
            "http://web:8000": f"http://{web}",
            "listen 8080": f"listen 127.0.0.1:{self.port}",
            "/tmp/": f"{self._folder}/",
        }.items():
            if theirs not in text:
                raise ValueError(f"docs/deploy/nginx.conf has no {theirs!r}")
            text = text.replace(theirs, ours)
        return text

    def _listens(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"nginx ended: {self.log()}")
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True
