"""A change committed by one process reaches the list of another within 2 s, on SQLite and on PostgreSQL."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.services import CHECKOUT, end

IN_TIME = 2.0  # seconds from the commit

# Prints [monotonic seconds, symbols] with each list; that clock is the same in all processes of a machine.
FOLLOW = """
import asyncio, json, time, django
django.setup()
from market.watchlist import Watchlist
def tell(symbols):
    print(json.dumps([time.monotonic(), [watched.symbol for watched in symbols]]), flush=True)
asyncio.run(Watchlist().follow(tell))
"""
CHANGES = """
import json, time, django
django.setup()
from market.models import WatchedSymbol
{change}
print(json.dumps(time.monotonic()))
"""
SETUP = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from market.defaults import create_default_symbols
print(create_default_symbols(), create_default_symbols())
"""


@pytest.fixture(params=["sqlite", "postgres"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """An environment with a database of its own that has the default symbols."""
    variables = {"DJANGO_SETTINGS_MODULE": "pricefeed.settings", "VAR_DIR": str(tmp_path), "SECRET_KEY": "x"}
    if request.param == "postgres":
        variables["DATABASE_URL"] = request.getfixturevalue("postgres_url")
    environment = {**os.environ, **variables}
    assert run(SETUP, environment).split() == ["16", "0"]
    return environment


def run(code: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout


@contextmanager
def following(environment: dict[str, str]) -> Iterator[Iterator[tuple[float, list[str]]]]:
    """The lists that another process sees, each with the moment when it did."""
    command = [sys.executable, "-c", FOLLOW]
    process = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield ((line[0], line[1]) for line in map(json.loads, process.stdout))
    finally:
        end(process)
        process.stdout.close()


def change(code: str, environment: dict[str, str]) -> float:
    moment: float = json.loads(run(CHANGES.format(change=code), environment))
    return moment


@pytest.mark.parametrize("environment", ["postgres"], indirect=True)
def test_lost_connections_are_made_again(environment: dict[str, str]) -> None:
    cut = "from django.db import connection as c\nc.cursor().execute('SELECT pg_terminate_backend(pid) FROM "
    cut += "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()')"

    with following(environment) as lists:
        next(lists)
        change(cut, environment)
        added_at = change("WatchedSymbol.objects.create(symbol='SHIBUSDT')", environment)
        seen_at, symbols = next(lists)

    assert "SHIBUSDT" in symbols
    assert seen_at - added_at < IN_TIME + 1


def test_every_change_is_seen_in_time(environment: dict[str, str]) -> None:
    with following(environment) as lists:
        _, defaults = next(lists)
        added_at = change("WatchedSymbol.objects.create(symbol='币安人生usdt', position=99)", environment)
        seen_at, longer = next(lists)
        disabled_at = change("WatchedSymbol.objects.filter(base='BTC').update(enabled=False)", environment)
        seen_again_at, shorter = next(lists)

    assert len(defaults) == 16
    assert longer == [*defaults, "币安人生USDT"]
    assert seen_at - added_at < IN_TIME
    assert shorter == longer[1:]
    assert seen_again_at - disabled_at < IN_TIME
