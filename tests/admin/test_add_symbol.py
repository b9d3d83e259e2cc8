"""A symbol is added in the admin: the exchange has its word."""

import socket
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from market.models import WatchedSymbol
from market.simulator import Simulator

ADD = "/admin/market/watchedsymbol/add/"


def add(client: Client, symbol: str, **fields: str) -> Any:
    """The page that follows on sending the form."""
    form = {"exchange": "binance", "symbol": symbol, "enabled": "on", "position": "3", "every_trade": "False"}
    return client.post(ADD, {**form, **fields}, follow=True)


def words(page: Any) -> str:
    return page.content.decode().replace("&#x27;", "'")  # type: ignore[no-any-return]


def test_it_is_normalised_verified_and_described_by_the_exchange(staff: Client, exchange: Simulator) -> None:
    add(staff, " btcusdt ")

    row = WatchedSymbol.objects.get()
    assert (row.symbol, row.base, row.quote) == ("BTCUSDT", "BTC", "USDT")
    assert (row.tick_size, row.status) == (Decimal("0.01"), "TRADING")
    assert row.verified_at is not None and row.verified_at <= timezone.now()


def test_any_script_is_welcome(staff: Client, exchange: Simulator) -> None:
    page = add(staff, "币安人生usdt", every_trade="True")

    assert "币安人生USDT" in words(page)
    row = WatchedSymbol.objects.get(symbol="币安人生USDT")
    assert (row.status, row.every_trade) == ("TRADING", True)


def test_an_unknown_symbol_is_refused_with_the_word_of_the_exchange(staff: Client, exchange: Simulator) -> None:
    page = add(staff, "FOOUSDT")

    assert "Binance does not list FOOUSDT: Invalid symbol." in words(page)
    assert not WatchedSymbol.objects.exists()


def test_a_symbol_that_does_not_trade_is_refused_with_its_status(staff: Client, exchange: Simulator) -> None:
    exchange.faults.halted = {"SHIBUSDT"}

    page = add(staff, "shibusdt")

    assert "Binance does not trade SHIBUSDT now: BREAK." in words(page)
    assert not WatchedSymbol.objects.exists()


@pytest.mark.parametrize("symbol", ["BTC/USDT", "btcusdt@ticker", "A" * 51, ""])
def test_nonsense_is_refused_before_anybody_is_asked(staff: Client, no_exchange: None, symbol: str) -> None:
    page = add(staff, symbol)

    assert page.status_code == 200
    assert "symbol" in page.context["adminform"].errors
    assert not WatchedSymbol.objects.exists()


def test_what_is_watched_already_is_refused(staff: Client, exchange: Simulator) -> None:
    add(staff, "BTCUSDT")

    page = add(staff, "btcusdt")

    assert "This symbol of this exchange is watched already." in words(page)
    assert WatchedSymbol.objects.count() == 1


def test_matic_is_told_to_be_pol(staff: Client, exchange: Simulator) -> None:
    page = add(staff, "maticusdt")

    assert "MATIC became POL in 2024: watch POLUSDT" in words(page)
    assert not WatchedSymbol.objects.exists()


def test_an_exchange_that_is_away_leaves_it_not_verified(staff: Client, no_exchange: None) -> None:
    page = add(staff, "BTCUSDT")

    row = WatchedSymbol.objects.get()
    assert (row.status, row.verified_at) == ("", None)
    assert "BTCUSDT is saved but not verified: Binance gave no answer" in words(page)


def test_a_restricted_location_leaves_it_not_verified(staff: Client, exchange: Simulator) -> None:
    exchange.faults.rest_status = 451

    page = add(staff, "FOOUSDT")

    assert WatchedSymbol.objects.get().status == ""
    assert "saved but not verified" in words(page)
    assert "restricted location" in words(page)


def test_an_exchange_that_hangs_is_waited_for_a_moment_only(
    staff: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("market.verify.PATIENCE", 0.05)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.BINANCE_REST_URL = f"http://127.0.0.1:{silent.getsockname()[1]}"
        page = add(staff, "BTCUSDT")

    assert "no answer within 0.05 s" in words(page)
    assert WatchedSymbol.objects.get().status == ""


def test_the_new_place_is_after_the_last(staff: Client) -> None:
    WatchedSymbol.objects.create(symbol="BTCUSDT", position=41)

    page = staff.get(ADD)

    assert page.context["adminform"].form["position"].value() == 42


def test_who_added_it_is_kept(staff: Client, exchange: Simulator) -> None:
    add(staff, "BTCUSDT")

    entry = LogEntry.objects.get()
    assert (entry.user.username, entry.object_repr, entry.is_addition()) == ("staff", "BTCUSDT", True)


def test_staff_who_may_only_look_cannot_add(reader: Client) -> None:
    assert reader.get(ADD).status_code == 403
