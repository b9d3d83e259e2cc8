"""Real services for tests: found on this machine, started on a free loopback port, ended by their own handle.

`require(name)` answers where a program is. Where it is missing the test is skipped with the reason; under
`REQUIRE_SERVICES=1` (as in `.ci/run`) the test fails instead, so that nothing is left out unnoticed.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import psycopg
import pytest
import redis

CHECKOUT = Path(__file__).resolve().parents[2]
RECORDINGS = CHECKOUT.parent / "shared" / "data"
START_DEADLINE = 30.0  # seconds; a busy machine may take several
STOP_DEADLINE = 15.0  # seconds, then SIGKILL

# What a test asks for -> the names its program goes by.
PROGRAMS = {
    "redis-server": ("redis-server",),
    "postgres": ("postgres",),
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "node": ("node", "nodejs"),
    "nginx": ("nginx",),
    "gettext": ("xgettext",),
    "docker-compose": ("docker-compose",),
}
# Debian keeps these off the PATH of ordinary users; the highest version comes last.
MORE_FOLDERS = ("/usr/sbin", "/usr/local/sbin", *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin"))))


def required() -> bool:
    return os.environ.get("REQUIRE_SERVICES") == "1"


def skip_or_fail(reason: str) -> None:
    """End the running test: a failure where services are required, else a skip. Never returns."""
    if required():
        pytest.fail(f"{reason} (REQUIRE_SERVICES=1)", pytrace=False)
    pytest.skip(reason)


def find(service: str) -> Path | None:
    """The program of a service in `PROGRAMS`, or None."""
    folders = os.pathsep.join([os.environ.get("PATH", os.defpath), *reversed(MORE_FOLDERS)])
    found = (shutil.which(name, path=folders) for name in PROGRAMS[service])
    return next((Path(path) for path in found if path), None)


def require(service: str) -> Path:
    """The program of a service; ends the test where it is not installed."""
    path = find(service)
    if path is None:
        skip_or_fail(f"{service} is not installed")
    assert path is not None
    return path


def recording(name: str) -> Path:
    """A recorded file of `../shared/data`; skips where that folder is not beside the checkout."""
    if not RECORDINGS.is_dir():
        pytest.skip("the recordings are not beside the checkout")
    return RECORDINGS / name


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_until(ready: Callable[[], bool], *, what: str, deadline: float = START_DEADLINE) -> None:
    """Ask until `ready()` is true. Raises TimeoutError naming `what` after `deadline` seconds."""
    end = time.monotonic() + deadline
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {deadline:g} s")
        time.sleep(0.02)


def end(process: subprocess.Popen[bytes], *, by: signal.Signals = signal.SIGTERM) -> int:
    """Ask a process to end, insist after `STOP_DEADLINE`, and return its exit code."""
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)  # a frozen process does not hear anything else
        process.send_signal(by)
    try:
        return process.wait(STOP_DEADLINE)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


class RedisServer:
    """A private redis-server. It keeps its port over `kill()` and `start()`, as a restarted server does.

    `inside` begins its command, as in `ip netns exec`.
    """

    def __init__(self, program: Path, *, host: str = "127.0.0.1", inside: Sequence[str] = ()) -> None:
        self.port = free_port()
        self.url = f"redis://{host}:{self.port}/0"
        self._host = host
        self._inside = inside
        self._program = program
        self._folder = tempfile.TemporaryDirectory(prefix="pricefeed-redis-")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._folder.cleanup()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "redis-server is not started"
        return self._process

    def start(self) -> None:
        command = [*self._inside, str(self._program), "--bind", self._host, "--port", str(self.port)]
        command += ["--save", "", "--appendonly", "no", "--dir", self._folder.name, "--daemonize", "no"]
        command += ["--protected-mode", "no"]  # without a password it would serve loopback only
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        wait_until(self.answers, what="redis-server")

    def answers(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError(f"redis-server ended with code {self.process.returncode}")
        try:
            with socket.create_connection((self._host, self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(5) == b"+PONG"
        except OSError:
            return False

    def stop(self) -> None:
        if self._process is not None:
            end(self._process)

    def kill(self) -> None:
        """As a crash: SIGKILL, no good-bye. `start()` brings it back empty on the same port."""
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        """Keeps its sockets and answers nothing, until `thaw()`."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def client(self) -> redis.Redis:
        """A client for a test's own look inside; the caller closes it."""
        return redis.Redis(host=self._host, port=self.port, socket_timeout=10)


class PostgresCluster:
    """A private PostgreSQL cluster. PostgreSQL refuses to run as root: then it runs as another user."""

    def __init__(self, program: Path) -> None:
        self.port = free_port()
        self._programs = program.resolve().parent  # initdb lies beside the true file
        self._folder = Path(tempfile.mkdtemp(prefix="pricefeed-postgres-"))
        self._user = server_user()
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0

    def __enter__(self) -> Self:
        if self._user is not None:
            shutil.chown(self._folder, self._user)
        self._initialise()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def url(self, database: str = "postgres") -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def create_database(self) -> str:
        """A new empty database; returns its URL, as `DATABASE_URL` takes it."""
        self._databases += 1
        name = f"pricefeed_{self._databases}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def start(self) -> None:
        command = [str(self._programs / "postgres"), "-D", str(self._folder / "data"), "-p", str(self.port)]
        command += [
            "-h",
            "127.0.0.1",
            "-k",
            str(self._folder),
            "-c",
            "fsync=off",
            "-c",
            "max_connections=200",
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = self._run(command, output=log.fileno())
        wait_until(self.answers, what="postgres")

    def answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"postgres ended: {(self._folder / 'log').read_text()}")
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        if self._process is not None:
            end(self._process, by=signal.SIGINT)  # PostgreSQL's "fast": ends sessions, keeps the files whole

    def _initialise(self) -> None:
        command = [str(self._programs / "initdb"), "-D", str(self._folder / "data"), "-U", "postgres"]
        command += ["-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        with (self._folder / "log").open("ab") as log:
            if self._run(command, output=log.fileno()).wait() != 0:
                raise RuntimeError(f"initdb failed: {(self._folder / 'log').read_text()}")

    def _run(self, command: list[str], *, output: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd=self._folder,
            user=self._user,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def server_user() -> str | None:
    """Whom PostgreSQL runs as: None for "as we are", else a user that is not root."""
    if os.geteuid() != 0:
        return None
    import pwd

    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
