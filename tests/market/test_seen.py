"""What the feed notes about symbols."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from market.exchanges.base import SymbolInfo
from market.models import SymbolState, WatchedSymbol
from market.seen import note_info, note_seen

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)
BTC = ("binance", "BTCUSDT")


def info(symbol: str, *, status: str = "TRADING", tick_size: str = "0.01") -> SymbolInfo:
    return SymbolInfo(symbol, symbol.removesuffix("USDT"), "USDT", status, Decimal(tick_size))


def test_the_first_time_stays_and_the_last_moves_on() -> None:
    WatchedSymbol.objects.create(symbol="BTCUSDT")

    note_seen({BTC: (NOON, NOON)})
    note_seen({BTC: (None, LATER)})

    state = SymbolState.objects.get()
    assert (state.first_seen, state.last_seen) == (NOON, LATER)


def test_a_feed_that_restarted_does_not_move_the_first_time() -> None:
    WatchedSymbol.objects.create(symbol="BTCUSDT")
    note_seen({BTC: (NOON, NOON)})

    note_seen({BTC: (LATER, LATER)})

    assert SymbolState.objects.get().first_seen == NOON


def test_the_list_itself_does_not_change() -> None:
    row = WatchedSymbol.objects.create(symbol="BTCUSDT")

    note_seen({BTC: (NOON, NOON)})

    assert WatchedSymbol.objects.get().updated_at == row.updated_at


def test_a_symbol_that_is_not_watched_is_left_out() -> None:
    note_seen({BTC: (NOON, NOON)})

    assert not SymbolState.objects.exists()


def test_many_symbols_take_as_many_queries_as_one(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    symbols = [f"S{number}USDT" for number in range(100)]
    WatchedSymbol.objects.bulk_create([WatchedSymbol(symbol=symbol) for symbol in symbols])

    with django_assert_num_queries(2):
        note_seen({("binance", symbol): (NOON, NOON) for symbol in symbols})


def test_what_the_exchange_says_is_saved() -> None:
    WatchedSymbol.objects.create(symbol="BTCUSDT")

    assert note_info("binance", [info("BTCUSDT"), info("ETHUSDT")]) == 1

    row = WatchedSymbol.objects.get()
    assert (row.base, row.quote, row.tick_size, row.status) == ("BTC", "USDT", Decimal("0.01"), "TRADING")
    assert row.verified_at is not None


def test_what_it_said_before_changes_nothing() -> None:
    WatchedSymbol.objects.create(symbol="BTCUSDT")
    note_info("binance", [info("BTCUSDT")])
    before = WatchedSymbol.objects.get().updated_at

    assert note_info("binance", [info("BTCUSDT")]) == 0

    assert WatchedSymbol.objects.get().updated_at == before


def test_a_halt_moves_the_time_of_change_on() -> None:
    WatchedSymbol.objects.create(symbol="BTCUSDT")
    note_info("binance", [info("BTCUSDT")])
    before = WatchedSymbol.objects.get().updated_at

    note_info("binance", [info("BTCUSDT", status="BREAK")])

    row = WatchedSymbol.objects.get()
    assert row.updated_at > before
    assert row.halted


def test_a_tick_size_of_eight_digits_is_kept_exactly() -> None:
    WatchedSymbol.objects.create(symbol="SHIBUSDT")

    note_info("binance", [info("SHIBUSDT", tick_size="0.00000001")])

    assert WatchedSymbol.objects.get().tick_size == Decimal("0.00000001")
