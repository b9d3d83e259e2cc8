"""A child process on chosen cores: asked over stdin, measured through /proc, ended by its own id."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

START_SECONDS = 30.0
STOP_SECONDS = 5.0
NICENESS = -10
PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class DidNotStart(Exception):
    """The program ended, or stayed silent, before it was ready; the message holds its last words."""


class Program:
    """Starts argv at once. Its output goes to `log`, except stdout when `asked` is true."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        cores: frozenset[int],
        log: Path,
        env: Mapping[str, str] | None = None,
        asked: bool = True,
    ) -> None:
        self.name = log.stem
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE if asked else subprocess.DEVNULL,
                stdout=subprocess.PIPE if asked else output,
                stderr=output,
                env={**os.environ, **(env or {})},
                text=True,
                start_new_session=True,
                preexec_fn=lambda: _settle(cores),
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def answer(self, *, seconds: float = START_SECONDS) -> dict[str, Any]:
        """The next line of stdout, as JSON."""
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        line = self._process.stdout.readline() if ready else ""
        if not line:
            raise DidNotStart(f"{self.name} did not answer: {self.last_words()}")
        return dict(json.loads(line))

    def ask(self, command: str, *, seconds: float = START_SECONDS) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self.answer(seconds=seconds)

    def wait_listening(self, port: int, *, seconds: float = START_SECONDS) -> None:
        """Until something on port accepts a connection."""
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise DidNotStart(f"{self.name} does not listen: {self.last_words()}")
            time.sleep(0.05)

    def wait_exit(self, *, seconds: float = START_SECONDS) -> None:
        """Until the program is done; anything but success raises."""
        if self._process.wait(timeout=seconds) != 0:
            raise DidNotStart(f"{self.name} failed: {self.last_words()}")

    def last_words(self) -> str:
        """The last line of its output: of a traceback, the error."""
        return self._log.read_text(errors="replace").strip().rpartition("\n")[2] or "no output"

    def rss(self) -> int:
        """Resident bytes of the program and its children."""
        return sum(_rss(pid) for pid in _family(self.pid))

    def cpu_seconds(self) -> float:
        """Processor time used so far by the program and its children."""
        return sum(_cpu_seconds(pid) for pid in _family(self.pid))

    def waited_seconds(self) -> float:
        """Time the program was ready to run but another had its core."""
        return sum(_waited_seconds(pid) for pid in _family(self.pid))

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def _settle(cores: frozenset[int]) -> None:
    """In the child: its cores, and before other work of the machine where we may ask for that."""
    os.sched_setaffinity(0, cores)
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
        # Where the kernel groups processes by session, niceness counts within the group only.
        Path("/proc/self/autogroup").write_text(str(NICENESS))


def free_port() -> int:
    """For programs that cannot say which port they took."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in _family(int(child)))]


def _rss(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_SIZE


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def _waited_seconds(pid: int) -> float:
    """Of the main thread: every server here does its work in it."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
