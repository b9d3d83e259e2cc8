"""What every measurement stands on: the compiled programs, the cores, a folder for files and logs."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from benchmarks.cores import Cores
from benchmarks.native import Native
from benchmarks.program import Program, free_port

CHECKOUT = Path(__file__).parent.parent
SYMBOLS = tuple(f"BENCH{letter}{digit}USDT" for letter in "ABCDEFGHIJKLMNOP" for digit in range(32))


@dataclass(frozen=True, slots=True)
class Stage:
    """Programs started here are ended by `close`, the last one first."""

    folder: Path
    native: Native
    cores: Cores
    clients: int
    programs: list[Program] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)

    def path(self, name: str) -> Path:
        """A file of that name that nobody else uses."""
        return self.folder / f"{next(self._numbers)}-{name}"

    def start(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        serving: bool = False,
        env: Mapping[str, str] | None = None,
        asked: bool = True,
    ) -> Program:
        """A program on the server's core when it is the one being measured, else on the others."""
        cores = self.cores.server if serving else self.cores.others
        program = Program([str(part) for part in argv], cores=cores, log=self.path(f"{name}.log"), env=env, asked=asked)
        self.programs.append(program)
        return program

    def start_module(
        self, module: str, *arguments: str, serving: bool = False, env: Mapping[str, str] | None = None
    ) -> Program:
        """One of the benchmark's Python programs; it prints a line of JSON when it is ready."""
        python_path = {"PYTHONPATH": str(CHECKOUT), **(env or {})}
        return self.start(module, [sys.executable, "-m", module, *arguments], serving=serving, env=python_path)

    def start_redis(self) -> str:
        """A redis-server of our own on the other cores; its URL."""
        port = free_port()
        argv = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.start("redis", argv, asked=False).wait_listening(port)
        return f"redis://127.0.0.1:{port}/0"

    def stop(self, *programs: Program) -> None:
        for program in programs:
            program.stop()
            self.programs.remove(program)

    def close(self) -> None:
        self.stop(*reversed(self.programs))
