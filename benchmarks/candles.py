"""Candles at five million rows, on both databases: a chart's reading, a minute's writing, prices meanwhile."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.stage import Stage
from benchmarks.targets import Target

SECONDS = 600.0  # until that program has its answer, on a busy machine


def targets(stage: Stage) -> list[Target]:
    found = _measured(stage, "SQLite", f"sqlite:///{stage.path('candles.sqlite3')}")
    if shutil.which("postgres") is None:
        return [
            *found,
            *(
                Target(name, None, bound, unit, most=True, why="no postgres")
                for name, bound, unit in _names("PostgreSQL")
            ),
        ]
    with _postgres() as url:
        return [*found, *_measured(stage, "PostgreSQL", url)]


def _names(database: str) -> list[tuple[str, float, str]]:
    return [
        (f"candles: 500 of any interval of 5,000,000, {database}", 50, "ms"),
        (f"candles: the closing minute of 500 symbols, {database}", 1000, "ms"),
        (f"candles: p99 of prices with such a write every 10 s / without, {database}", 1.2, ""),
    ]


def _measured(stage: Stage, database: str, url: str) -> list[Target]:
    """On the other cores: the thread that writes has a core beside the prices, as a feed has."""
    env = {"DATABASE_URL": url, "SECRET_KEY": "benchmark", "REDIS_URL": "", "VAR_DIR": str(stage.folder)}
    program = stage.start_module("benchmarks.candle_store", env=env)
    numbers = program.answer(seconds=SECONDS)
    stage.stop(program)
    values = (numbers["read_ms"], numbers["write_ms"], numbers["ratio"])
    return [
        Target(name, value, bound, unit, most=True)
        for (name, bound, unit), value in zip(_names(database), values, strict=True)
    ]


@contextmanager
def _postgres() -> Iterator[str]:
    """A database of a private cluster, as the tests have it."""
    from pathlib import Path

    from tests.support.services import PostgresCluster

    with PostgresCluster(Path(shutil.which("postgres") or "postgres")) as cluster:
        yield cluster.create_database()
