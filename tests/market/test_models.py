"""Rows of the watchlist, whichever way they are written."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone

from market.models import WatchedSymbol

pytestmark = pytest.mark.django_db


def test_a_symbol_is_kept_in_one_spelling() -> None:
    row = WatchedSymbol.objects.create(symbol="btcusdt ")

    assert row.symbol == "BTCUSDT"
    assert WatchedSymbol.objects.get(symbol="BtcUsdt").pk == row.pk


def test_validation_normalises_what_was_typed() -> None:
    row = WatchedSymbol(symbol=" 币安人生usdt")

    row.full_clean()

    assert row.symbol == "币安人生USDT"


@pytest.mark.parametrize("symbol", ["BTC/USDT", "a b", "", "X" * 51])
def test_validation_refuses_what_cannot_be_a_symbol(symbol: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        WatchedSymbol(symbol=symbol).full_clean()
    assert list(refusal.value.message_dict) == ["symbol"]


def test_validation_names_the_successor_of_a_renamed_coin() -> None:
    with pytest.raises(ValidationError, match="MATIC became POL in 2024: watch POLUSDT"):
        WatchedSymbol(symbol="maticusdt").full_clean()


def test_validation_knows_the_exchanges() -> None:
    with pytest.raises(ValidationError, match="Known exchanges: binance"):
        WatchedSymbol(symbol="BTCUSDT", exchange="mtgox").full_clean()


def test_one_exchange_has_a_symbol_once() -> None:
    WatchedSymbol.objects.create(symbol="BTCUSDT")

    with pytest.raises(IntegrityError):
        WatchedSymbol.objects.create(symbol="btcusdt")


def test_rows_come_in_the_order_of_the_board() -> None:
    for symbol, position in [("BTCUSDT", 1), ("ETHUSDT", 0), ("ADAUSDT", 1)]:
        WatchedSymbol.objects.create(symbol=symbol, position=position)

    symbols = [row.symbol for row in WatchedSymbol.objects.all()]

    assert symbols == ["ETHUSDT", "ADAUSDT", "BTCUSDT"]


def test_the_next_position_is_after_the_last() -> None:
    assert WatchedSymbol.objects.all().next_position() == 0
    WatchedSymbol.objects.create(symbol="BTCUSDT", position=41)
    assert WatchedSymbol.objects.all().next_position() == 42


def test_every_way_of_writing_moves_the_time_of_change_on() -> None:
    row = WatchedSymbol.objects.create(symbol="BTCUSDT")
    times = [row.updated_at]

    for write in (
        lambda: row.save(),
        lambda: row.save(update_fields=["position"]),
        lambda: WatchedSymbol.objects.update(enabled=False),
        lambda: WatchedSymbol.objects.bulk_update([row], ["position"]),
    ):
        write()
        times.append(WatchedSymbol.objects.get().updated_at)

    assert times == sorted(set(times))


def test_a_machine_whose_clock_is_behind_still_moves_it_on() -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    WatchedSymbol.objects.create(symbol="ETHUSDT")
    WatchedSymbol.objects.update(updated_at=tomorrow)

    row = WatchedSymbol.objects.create(symbol="BTCUSDT")

    assert row.updated_at > tomorrow
