"""The list of watched symbols in the admin: inline changes, search, filters, actions."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from market.defaults import create_default_symbols
from market.models import SymbolState, WatchedSymbol
from market.simulator import Simulator

LIST = "/admin/market/watchedsymbol/"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def text(page: Any) -> str:
    """What a reader sees."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


def symbols(page: Any) -> list[str]:
    return [row.symbol for row in page.context["cl"].result_list]


def act(client: Client, action: str, *names: str) -> Any:
    rows = WatchedSymbol.objects.filter(symbol__in=names)
    chosen = [str(row.pk) for row in rows]
    return client.post(LIST, {"action": action, "_selected_action": chosen, "index": "0"}, follow=True)


def save_list(client: Client, *values: tuple[WatchedSymbol, bool, int]) -> Any:
    form = {"form-TOTAL_FORMS": str(len(values)), "form-INITIAL_FORMS": str(len(values)), "_save": "Save"}
    for number, (row, enabled, position) in enumerate(values):
        form |= {f"form-{number}-id": str(row.pk), f"form-{number}-position": str(position)}
        form |= {f"form-{number}-enabled": "on"} if enabled else {}
    return client.post(LIST, form, follow=True)


def test_status_and_times_are_said_in_words(staff: Client) -> None:
    trading = WatchedSymbol.objects.create(symbol="BTCUSDT", status="TRADING", tick_size="0.01")
    WatchedSymbol.objects.create(symbol="ETHUSDT", status="BREAK")
    WatchedSymbol.objects.create(symbol="XRPUSDT")
    SymbolState.objects.create(watched=trading, first_seen=NOON, last_seen=NOON)

    page = text(staff.get(LIST))

    assert re.search(r"BTCUSDT binance .*trading 2026-11-21 12:00:00 UTC 0.01 .*ETHUSDT", page)
    assert re.search(r"ETHUSDT .*halted: BREAK never .*XRPUSDT .*not verified never", page)


def test_enabled_and_position_change_inline_without_a_question(staff: Client, no_exchange: None) -> None:
    create_default_symbols()
    btc, eth = WatchedSymbol.objects.all()[:2]

    save_list(staff, (btc, False, 0), (eth, True, 99))

    assert not WatchedSymbol.objects.get(symbol="BTCUSDT").enabled
    assert WatchedSymbol.objects.get(symbol="ETHUSDT").position == 99
    assert LogEntry.objects.count() == 2


def test_a_row_that_could_not_be_added_today_can_still_be_switched_off(staff: Client) -> None:
    row = WatchedSymbol.objects.create(symbol="MATICUSDT", exchange="closed")

    save_list(staff, (row, False, 0))

    row.refresh_from_db()
    assert not row.enabled


def test_a_thousand_symbols_do_not_need_more_queries(staff: Client, django_assert_max_num_queries: Any) -> None:
    WatchedSymbol.objects.bulk_create([WatchedSymbol(symbol=f"S{number}USDT") for number in range(1000)])

    with django_assert_max_num_queries(12):
        staff.get(LIST)


@pytest.mark.parametrize("query", ["btc", "BTCUSDT", "Btc"])
def test_search_finds_a_symbol(staff: Client, query: str) -> None:
    create_default_symbols()

    assert symbols(staff.get(LIST, {"q": query})) == ["BTCUSDT"]


def test_search_for_matic_says_what_became_of_it(staff: Client) -> None:
    create_default_symbols()

    assert "MATIC became POL in 2024: watch POLUSDT" in text(staff.get(LIST, {"q": "matic"}))


@pytest.mark.parametrize(
    ("status", "found"), [("trading", ["BTCUSDT"]), ("halted", ["ETHUSDT"]), ("unverified", ["XRPUSDT"])]
)
def test_the_status_filter_finds(staff: Client, status: str, found: list[str]) -> None:
    for symbol, word in [("BTCUSDT", "TRADING"), ("ETHUSDT", "BREAK"), ("XRPUSDT", "")]:
        WatchedSymbol.objects.create(symbol=symbol, status=word)

    assert symbols(staff.get(LIST, {"status": status})) == found


@pytest.mark.parametrize("query", [{"enabled__exact": "1"}, {"every_trade__exact": "0"}, {"exchange": "binance"}])
def test_other_filters_exist(staff: Client, query: dict[str, str]) -> None:
    WatchedSymbol.objects.create(symbol="BTCUSDT")

    assert symbols(staff.get(LIST, query)) == ["BTCUSDT"]


def test_the_bulk_actions_switch_off_and_on(staff: Client, no_exchange: None) -> None:
    create_default_symbols()

    page = act(staff, "disable", "BTCUSDT", "ETHUSDT")

    assert "2 symbols disabled." in text(page)
    assert WatchedSymbol.objects.filter(enabled=False).count() == 2
    assert "1 symbol enabled." in text(act(staff, "enable", "BTCUSDT", "SOLUSDT"))
    assert [entry.get_change_message() for entry in LogEntry.objects.filter(object_repr="BTCUSDT")] == [
        "Enabled in the list.",
        "Disabled in the list.",
    ]


def test_asking_again_verifies_and_tells_what_is_wrong(staff: Client, exchange: Simulator) -> None:
    exchange.faults.halted = {"SHIBUSDT"}
    for symbol in ("BTCUSDT", "SHIBUSDT", "FOOUSDT"):
        WatchedSymbol.objects.create(symbol=symbol)

    page = text(act(staff, "ask_again", "BTCUSDT", "SHIBUSDT", "FOOUSDT"))

    assert "2 symbols verified." in page
    assert "Binance does not trade these now: SHIBUSDT: BREAK." in page
    assert "Binance does not list these, remove them: FOOUSDT." in page
    assert [row.status for row in WatchedSymbol.objects.order_by("symbol")] == ["TRADING", "", "BREAK"]


def test_asking_again_an_exchange_that_is_away_changes_nothing(staff: Client, no_exchange: None) -> None:
    WatchedSymbol.objects.create(symbol="BTCUSDT")

    page = text(act(staff, "ask_again", "BTCUSDT"))

    assert "1 symbol still not verified" in page
    assert WatchedSymbol.objects.get().status == ""


def test_asking_again_about_verified_ones_asks_nobody(staff: Client, no_exchange: None) -> None:
    WatchedSymbol.objects.create(symbol="BTCUSDT", status="TRADING")

    assert "All the selected symbols are verified." in text(act(staff, "ask_again", "BTCUSDT"))


def test_staff_who_may_only_look_have_no_actions(reader: Client) -> None:
    WatchedSymbol.objects.create(symbol="BTCUSDT")

    page = act(reader, "disable", "BTCUSDT")

    assert page.status_code in (200, 403)
    assert WatchedSymbol.objects.get().enabled
    assert "Send a test broadcast" not in text(reader.get(LIST))
