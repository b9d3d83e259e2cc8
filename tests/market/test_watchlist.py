"""The list of watched symbols notices what changed, and stays when the database does not answer."""

import asyncio
import logging
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection

from market import watchlist
from market.models import WatchedSymbol
from market.watchlist import Watched, Watchlist
from tests.support.exchange import until

pytestmark = pytest.mark.django_db(transaction=True)
FAST = 0.01  # seconds between two looks
Change = Callable[[], object]


@sync_to_async
def create(*symbols: str) -> None:
    for position, symbol in enumerate(symbols):
        WatchedSymbol.objects.create(symbol=symbol, position=position)


@sync_to_async
def do(change: Change) -> None:
    change()


@sync_to_async
def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def names(symbols: tuple[Watched, ...]) -> list[str]:
    return [watched.symbol for watched in symbols]


async def test_the_enabled_symbols_come_in_the_order_of_the_board() -> None:
    await create("ETHUSDT", "BTCUSDT", "ADAUSDT")
    await do(lambda: WatchedSymbol.objects.filter(symbol="BTCUSDT").update(enabled=False))
    seen = Watchlist()

    assert await seen.refresh()

    assert names(seen.symbols) == ["ETHUSDT", "ADAUSDT"]
    assert seen.symbols[0].key == ("binance", "ETHUSDT")


async def test_an_unchanged_list_is_asked_for_with_one_query() -> None:
    await create("BTCUSDT")
    seen = Watchlist()
    await seen.refresh()
    queries: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        queries.append(sql)
        return execute(sql, *rest)

    await on_the_reader(lambda: connection.execute_wrappers.append(note))
    assert not await seen.refresh()
    await on_the_reader(lambda: connection.execute_wrappers.clear())

    assert len(queries) == 1


async def on_the_reader(call: Change) -> None:
    """In the thread whose connection reads the list."""
    await watchlist._in_reader(lambda: call())


@pytest.mark.parametrize(
    "change",
    [
        lambda: WatchedSymbol.objects.create(symbol="币安人生USDT"),
        lambda: WatchedSymbol.objects.get(symbol="ETHUSDT").delete(),
        lambda: WatchedSymbol.objects.filter(symbol="ETHUSDT").update(enabled=False),
        lambda: WatchedSymbol.objects.filter(symbol="ETHUSDT").update(every_trade=True),
        lambda: WatchedSymbol.objects.filter(symbol="ETHUSDT").update(position=7),
        lambda: WatchedSymbol.objects.filter(symbol="ETHUSDT").update(status="BREAK"),
        lambda: WatchedSymbol.objects.filter(symbol="ETHUSDT").update(tick_size=Decimal("0.1")),
    ],
    ids=["added", "deleted", "disabled", "speed", "moved", "halted", "tick size"],
)
async def test_it_notices_a_symbol_that_was(change: Change) -> None:
    await create("BTCUSDT", "ETHUSDT")
    seen = Watchlist()
    await seen.refresh()

    await do(change)

    assert await seen.refresh()
    assert not await seen.refresh()


@pytest.mark.parametrize(
    "change",
    [
        "SET enabled = false WHERE symbol = 'ETHUSDT'",
        "SET every_trade = true WHERE symbol = 'BTCUSDT'",
        "SET position = 1 - position",
    ],
)
async def test_it_notices_plain_sql(change: str) -> None:
    await create("BTCUSDT", "ETHUSDT")
    seen = Watchlist()
    await seen.refresh()

    await sql(f"UPDATE market_watchedsymbol {change}")

    assert await seen.refresh()


async def test_following_tells_each_list_once_the_first_included() -> None:
    await create("BTCUSDT")
    told: list[list[str]] = []
    task = asyncio.create_task(Watchlist().follow(lambda symbols: told.append(names(symbols)), every=FAST))

    await until(lambda: told)
    await create("ETHUSDT")
    await until(lambda: len(told) == 2)
    task.cancel()

    assert told[0] == ["BTCUSDT"]
    assert sorted(told[1]) == ["BTCUSDT", "ETHUSDT"]


async def test_an_empty_list_is_told_too() -> None:
    told: list[tuple[Watched, ...]] = []
    task = asyncio.create_task(Watchlist().follow(told.append, every=FAST))

    await until(lambda: told)
    task.cancel()

    assert told == [()]


async def test_a_database_that_fails_is_logged_once_and_the_list_stays(
    caplog: pytest.LogCaptureFixture,
) -> None:
    await create("BTCUSDT")
    seen = Watchlist()
    told: list[list[str]] = []
    task = asyncio.create_task(seen.follow(lambda symbols: told.append(names(symbols)), every=FAST))
    await until(lambda: told)

    with caplog.at_level(logging.WARNING):
        await sql("ALTER TABLE market_watchedsymbol RENAME TO away")
        await until(lambda: caplog.records)
        await asyncio.sleep(20 * FAST)
        await sql("ALTER TABLE away RENAME TO market_watchedsymbol")
    await create("ETHUSDT")
    await until(lambda: len(told) == 2)
    task.cancel()

    assert [record.name for record in caplog.records] == ["market.watchlist"]
    assert told[0] == ["BTCUSDT"]


async def test_a_refresh_passes_database_errors_on() -> None:
    await sql("ALTER TABLE market_watchedsymbol RENAME TO away")
    try:
        with pytest.raises(OperationalError):
            await Watchlist().refresh()
    finally:
        await sql("ALTER TABLE away RENAME TO market_watchedsymbol")


@pytest.mark.parametrize(
    ("tick_size", "digits"),
    [("0.01", 2), ("0.010000000000000000", 2), ("1.00", 0), ("10", 0), ("0.25", 2), ("1E-8", 8), ("0", None)],
)
def test_digits_follow_the_tick_size(tick_size: str, digits: int | None) -> None:
    watched = Watched("binance", "BTCUSDT", "BTC", "USDT", Decimal(tick_size), 0, False, "TRADING")

    assert watched.digits == digits


@pytest.mark.parametrize(("status", "halted"), [("", False), ("TRADING", False), ("BREAK", True), ("HALT", True)])
def test_what_the_exchange_does_not_trade_is_halted(status: str, halted: bool) -> None:
    assert Watched("binance", "BTCUSDT", "", "", None, 0, False, status).halted is halted
