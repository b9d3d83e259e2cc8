"""Compiles the load generator, the exchange and the limit: C, so that they are never what is measured."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parent / "native"
FLAGS = ("-D_GNU_SOURCE", "-std=c11", "-O2", "-Wall", "-Wextra", "-pthread")
PARTS = {
    "readers": "readers reading client message websocket histogram buffer stamp",
    "exchange": "exchange server ticker websocket buffer stamp",
    "limit": "limit server ticker websocket buffer",
}


class NoCompiler(Exception):
    """Neither gcc nor cc is installed."""


@dataclass(frozen=True, slots=True)
class Native:
    readers: Path
    exchange: Path
    limit: Path


def compiler() -> str:
    for name in ("gcc", "cc"):
        if found := shutil.which(name):
            return found
    raise NoCompiler("the load generator is written in C: install gcc (Debian: apt install gcc libc6-dev)")


def build(folder: Path) -> Native:
    """The three programs, compiled into folder."""
    compile_with = compiler()
    for program, parts in PARTS.items():
        sources = [str(SOURCES / f"{part}.c") for part in parts.split()]
        subprocess.run([compile_with, *FLAGS, *sources, "-o", str(folder / program)], check=True)
    return Native(*(folder / program for program in PARTS))
