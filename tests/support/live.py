"""A whole pricefeed in a process of its own: `manage.py serve` or `runserver` on a free port, with its own folder.

    with LiveServer("--demo") as server:
        httpx.get(server.url + "/api/prices")

Or any other command beside it: `LiveProcess("runfeed", env={...})`. Ended by its own handle, never by name.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx

from tests.support.readme import environment_names
from tests.support.services import CHECKOUT, end, free_port, wait_until

# Settings of whoever runs the tests do not reach the servers that tests start.
FOREIGN = frozenset(environment_names())


class LiveProcess:
    """One management command in a subprocess. `var_dir` is its VAR_DIR: a fresh one unless given.

    `keep` are file descriptors that it inherits. What it said can be read after its end too.
    """

    def __init__(
        self,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        var_dir: Path | None = None,
        keep: Sequence[int] = (),
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="pricefeed-live-", ignore_cleanup_errors=True)
        self.var_dir = var_dir or Path(self._folder.name) / "var"
        self.arguments = arguments
        self._keep = keep
        self._said: dict[str, str] = {}
        self.env = {
            **{name: value for name, value in os.environ.items() if name not in FOREIGN},
            "VAR_DIR": str(self.var_dir),
            "PYTHONUNBUFFERED": "1",
            **(env or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._said = {name: self._text(name) for name in ("stdout", "stderr")}
        self._folder.cleanup()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "not started"
        return self._process

    @property
    def pid(self) -> int:
        return self.process.pid

    def start(self) -> None:
        with self._file("stdout").open("ab") as stdout, self._file("stderr").open("ab") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, str(CHECKOUT / "manage.py"), *self.arguments],
                cwd=CHECKOUT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                pass_fds=self._keep,
            )

    def stop(self, *, by: signal.Signals = signal.SIGTERM) -> int:
        """End it and return its exit code; harmless when it has ended."""
        return end(self.process, by=by) if self._process is not None else 0

    def kill(self) -> None:
        """As a crash."""
        self.process.kill()
        self.process.wait()

    @property
    def stdout(self) -> str:
        return self._text("stdout")

    @property
    def stderr(self) -> str:
        """All that it logged so far."""
        return self._text("stderr")

    def _text(self, name: str) -> str:
        return self._said[name] if name in self._said else self._file(name).read_text(errors="replace")

    def wait_until(self, ready: Any, *, what: str, deadline: float = 30.0) -> None:
        """Until `ready()`; fails with what the process said when it ends before, or in `deadline` seconds."""
        try:
            wait_until(lambda: self._alive() and ready(), what=what, deadline=deadline)
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{self.stdout}\n{self.stderr}") from None

    def _alive(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError(
                f"{self.arguments} ended with code {self.process.returncode}\n{self.stdout}\n{self.stderr}"
            )
        return True

    def _file(self, name: str) -> Path:
        return Path(self._folder.name) / name


class LiveServer(LiveProcess):
    """`serve`, or with `command="runserver"` Daphne; entered once it answers.

    `feed` is the feed's state to wait for too; None waits for the web part only. "live" waits for the price of each
    symbol too, other than in a replay, where they come as they came.
    """

    def __init__(
        self,
        *arguments: str,
        command: str = "serve",
        feed: str | None = None,
        port: int | None = None,
        env: Mapping[str, str] | None = None,
        var_dir: Path | None = None,
        keep: Sequence[int] = (),
    ) -> None:
        self.port = port or free_port()
        address = ("--port", str(self.port)) if command == "serve" else (f"127.0.0.1:{self.port}",)
        super().__init__(command, *address, *arguments, env=env, var_dir=var_dir, keep=keep)
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}"
        self._feed = feed

    def __enter__(self) -> Self:
        self.start()
        try:
            self.wait_until(self.answers, what=f"{self.arguments[0]} answers")
            if self._feed is not None:
                self.wait_for_feed(self._feed)
            if self._feed == "live" and "--replay" not in self.arguments:
                self.wait_until(self.is_priced, what="a price of every symbol")
        except BaseException:
            self.kill()
            self._folder.cleanup()
            raise
        return self

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/api/sse/status", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def status(self) -> dict[str, Any]:
        """`data` of `/api/sse/status`."""
        data: dict[str, Any] = httpx.get(f"{self.url}/api/sse/status", timeout=10).json()["data"]
        return data

    def is_priced(self) -> bool:
        """Whether every watched symbol has a price."""
        prices = httpx.get(f"{self.url}/api/prices", timeout=10).json()["data"]
        return len(prices) == int(self.status()["symbols"])

    def wait_for_feed(self, feed: str, *, deadline: float = 30.0) -> None:
        self.wait_until(lambda: self.status()["feed"] == feed, what=f"feed {feed}", deadline=deadline)


def run_command(*arguments: str, env: Mapping[str, str] | None = None, var_dir: Path) -> str:
    """A management command to its end; its stdout. Raises CalledProcessError with its stderr."""
    process = LiveProcess(*arguments, env=env, var_dir=var_dir)
    with process:
        code = process.process.wait(120)
        if code != 0:
            raise RuntimeError(f"{arguments} ended with code {code}\n{process.stdout}\n{process.stderr}")
        return process.stdout


STAFF = ("alice", "wonder-land-7")


def create_staff(var_dir: Path, env: Mapping[str, str] | None = None) -> None:
    """The user STAFF, who may do everything in the admin."""
    login = {"DJANGO_SUPERUSER_USERNAME": STAFF[0], "DJANGO_SUPERUSER_PASSWORD": STAFF[1]}
    run_command("createsuperuser", "--noinput", "--email", "", env={**(env or {}), **login}, var_dir=var_dir)


@contextmanager
def signed_in(server: LiveServer, name: str = STAFF[0], password: str = STAFF[1]) -> Iterator[httpx.Client]:
    """A client of the admin, with the token that its forms carry; fails where the password is wrong."""
    with httpx.Client(base_url=server.url, timeout=20) as client:
        client.get("/admin/login/")
        fields = {"username": name, "password": password, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
        assert client.post("/admin/login/?next=/admin/", data=fields).status_code == 302
        client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
        yield client


# uvicorn and Daphne: what clients see is the same on both.
SERVERS = ("serve", "runserver")


@contextmanager
def live_on(command: str) -> Iterator[LiveServer]:
    """pricefeed on the server behind `command`, with live prices of a simulator."""
    port = free_port()
    sources = {"BINANCE_STREAM_URL": f"ws://127.0.0.1:{port}", "BINANCE_REST_URL": f"http://127.0.0.1:{port}"}
    arguments = ["--noreload"] if command == "runserver" else []
    with (
        LiveProcess("simulate", "--port", str(port)),
        LiveServer(*arguments, command=command, feed="live", env=sources) as live,
    ):
        yield live
