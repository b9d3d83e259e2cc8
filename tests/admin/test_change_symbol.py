"""A watched symbol is changed in the admin."""

from typing import Any

import pytest
from django.test import Client

from market.models import WatchedSymbol
from market.simulator import Simulator

pytestmark = pytest.mark.django_db


def url(row: WatchedSymbol) -> str:
    return f"/admin/market/watchedsymbol/{row.pk}/change/"


def change(client: Client, row: WatchedSymbol, **fields: str) -> Any:
    return client.post(url(row), {"enabled": "on", "position": "0", "every_trade": "False", **fields}, follow=True)


def test_a_verified_symbol_changes_without_a_question(staff: Client, no_exchange: None) -> None:
    row = WatchedSymbol.objects.create(symbol="BTCUSDT", status="TRADING", base="BTC")

    change(staff, row, every_trade="True", position="5")

    row.refresh_from_db()
    assert (row.every_trade, row.position, row.status, row.base) == (True, 5, "TRADING", "BTC")


def test_its_name_and_what_the_exchange_said_stay(staff: Client, no_exchange: None) -> None:
    row = WatchedSymbol.objects.create(symbol="BTCUSDT", status="TRADING", base="BTC")

    change(staff, row, symbol="ETHUSDT", exchange="other", base="X", status="BREAK")

    row.refresh_from_db()
    assert (row.symbol, row.exchange, row.base, row.status) == ("BTCUSDT", "binance", "BTC", "TRADING")


def test_saving_one_that_is_not_verified_asks_again(staff: Client, exchange: Simulator) -> None:
    row = WatchedSymbol.objects.create(symbol="BTCUSDT")

    change(staff, row)

    row.refresh_from_db()
    assert (row.status, row.base) == ("TRADING", "BTC")


def test_one_that_turns_out_unknown_is_refused_while_enabled(staff: Client, exchange: Simulator) -> None:
    row = WatchedSymbol.objects.create(symbol="FOOUSDT")

    page = change(staff, row, position="7")

    assert "Binance does not list FOOUSDT: Invalid symbol." in page.content.decode()
    row.refresh_from_db()
    assert row.position == 0


def test_anything_can_be_switched_off(staff: Client, exchange: Simulator) -> None:
    row = WatchedSymbol.objects.create(symbol="FOOUSDT")

    staff.post(url(row), {"position": "0", "every_trade": "False"})

    row.refresh_from_db()
    assert not row.enabled


def test_what_the_feed_wrote_meanwhile_stays(staff: Client, no_exchange: None) -> None:
    row = WatchedSymbol.objects.create(symbol="BTCUSDT", status="TRADING")
    staff.get(url(row))
    WatchedSymbol.objects.update(status="BREAK")

    change(staff, row, position="9")

    row.refresh_from_db()
    assert (row.position, row.status) == (9, "BREAK")
