"""The symbols of a new installation."""

import pytest

from market.defaults import create_default_symbols
from market.models import WatchedSymbol

pytestmark = pytest.mark.django_db


def test_a_new_database_gets_sixteen_symbols_in_order() -> None:
    assert create_default_symbols() == 16

    symbols = [row.symbol for row in WatchedSymbol.objects.all()]
    bases = "BTC ETH BNB SOL XRP ADA DOGE AVAX DOT POL LINK ATOM UNI LTC BCH FIL"
    assert symbols == [f"{base}USDT" for base in bases.split()]


def test_each_is_valid_and_has_a_tick_size() -> None:
    create_default_symbols()

    for row in WatchedSymbol.objects.all():
        row.full_clean()
        assert row.tick_size
        assert f"{row.base}{row.quote}" == row.symbol


def test_they_do_not_come_back_after_staff_removed_them() -> None:
    create_default_symbols()
    WatchedSymbol.objects.all().delete()

    assert create_default_symbols() == 0
    assert not WatchedSymbol.objects.exists()


def test_they_do_not_join_a_list_that_staff_began() -> None:
    WatchedSymbol.objects.create(symbol="SHIBUSDT")

    assert create_default_symbols() == 0
    assert WatchedSymbol.objects.count() == 1
