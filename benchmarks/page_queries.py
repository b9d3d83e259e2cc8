"""Counts the database queries of the board, with few symbols watched and with many.

    python -m benchmarks.page_queries FEW MANY     prints {"queries": [of FEW, of MANY]}

Settings from the environment, as ever; the database must be migrated, and the
test client's host "testserver" allowed.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from statistics import median
from typing import Any

import django

REQUESTS = 9


class QueryCount:
    """Of every connection of every thread, while it is installed."""

    def __init__(self) -> None:
        from django.db import connections
        from django.db.backends.signals import connection_created

        self.queries = 0
        connection_created.connect(self._watch, weak=False)
        for connection in connections.all(initialized_only=True):
            connection.execute_wrappers.append(self._count)

    def _watch(self, connection: Any, **_: Any) -> None:
        connection.execute_wrappers.append(self._count)

    def _count(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        self.queries += 1
        return execute(*arguments)


async def queries_of_board(count: QueryCount) -> float:
    """Median over requests: the once-a-second look at the list of symbols falls into one or two of them."""
    from django.test import AsyncClient

    counts = []
    for _ in range(REQUESTS):
        before = count.queries
        response = await AsyncClient().get("/")
        assert response.status_code == 200, response.status_code
        counts.append(count.queries - before)
    return median(counts)


async def with_symbols(number: int, count: QueryCount) -> float:
    from market import relay

    running = relay.current()
    try:
        await running.ready()
        assert len(running.watched) == number, f"{len(running.watched)} of {number} symbols are watched"
        return await queries_of_board(count)
    finally:
        await running.stop()


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pricefeed.settings")
    django.setup()
    from benchmarks.stage import SYMBOLS
    from benchmarks.watchlist import watch
    from market import relay

    count = QueryCount()
    found = []
    for number in map(int, sys.argv[1:]):
        watch(list(SYMBOLS[:number]))
        relay._relays.clear()
        found.append(asyncio.run(with_symbols(number, count)))
    print(json.dumps({"queries": found}), flush=True)


if __name__ == "__main__":
    main()
