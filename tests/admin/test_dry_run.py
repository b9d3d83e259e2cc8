"""The page of a rule: would it have fired, on stored candles, before it is saved."""

import gzip
import json
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from market import history
from market.core.candle import Candle
from market.core.interval import MINUTE_MS, Interval
from market.models import AlertRule, WatchedSymbol
from tests.admin.alert_pages import ADD, FORM, make_rule, page_of, send, tell_price, text_of

PRICES = ("94990 94995 94980 94995", "94995 95020 94994 95010", "95010 95012 94700 94800", "94800 95001 94790 94800")


def store(watched: WatchedSymbol, prices: Iterable[str] = PRICES, *, source: str = "simulator") -> int:
    """Minutes up to now, one for each `open high low close`; when the first one opened."""
    rows = list(prices)
    first = Interval.M1.floor(time.time_ns() // 1_000_000) - len(rows) * MINUTE_MS
    minutes = []
    for number, words in enumerate(rows):
        opening, high, low, close = map(Decimal, words.split())
        open_ms = first + number * MINUTE_MS
        minutes.append(Candle(open_ms, opening, high, low, close, Decimal(2), Decimal(190000), 7))
    history.write(source, {(watched.exchange, watched.symbol): minutes})
    return first


def ask(client: Client, url: str = ADD, **fields: Any) -> str:
    return send(client, url, _dry_run="1", _dry_run_days="1", **fields)


def test_it_says_how_often_and_when_and_saves_nothing(chief: Client, bitcoin: WatchedSymbol) -> None:
    store(bitcoin)

    page = ask(chief, watched=bitcoin.pk)

    assert "Would this rule have fired?" in page
    assert "It would have fired at least 2 times, by its candles at most 3." in page
    assert "4 minutes of simulator." in page
    assert "when it fired is known to the minute, not to the second" in page
    assert "94,994.00" in page and "95,020.00" in page
    assert "Nothing is saved yet" in page
    assert not AlertRule.objects.exists()


def test_it_says_when_in_the_zone_of_the_form(chief: Client, bitcoin: WatchedSymbol) -> None:
    first = datetime.fromtimestamp(store(bitcoin) / 1000, ZoneInfo("Asia/Shanghai"))

    page = ask(chief, watched=bitcoin.pk, _zone="Asia/Shanghai")

    assert f"{first:%Y-%m-%d %H:%M} CST to " in page and " CST: 4 minutes of simulator." in page
    assert f"{first + timedelta(minutes=1):%Y-%m-%d %H:%M} CST 94,994.00" in page


def test_it_speaks_of_the_source_that_is_live(chief: Client, bitcoin: WatchedSymbol) -> None:
    store(bitcoin, source="binance")
    tell_price(bitcoin, "94000")  # of the simulator

    assert "There are no stored minutes of this symbol to try it on." in ask(chief, watched=bitcoin.pk)


def test_a_changed_rule_is_tried_as_it_stands_in_the_form(chief: Client, bitcoin: WatchedSymbol) -> None:
    store(bitcoin)
    rule = make_rule(bitcoin)

    page = ask(chief, page_of(rule), watched=bitcoin.pk, threshold="99000")

    assert "It would not have fired." in page
    rule.refresh_from_db()
    assert rule.threshold == 95000


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"threshold": "0"}, "A price is more than 0."),
        ({"threshold": ""}, "Correct the fields below first."),
        ({"condition": "change_above", "threshold": "5", "watched": ""}, "choose one to try it on"),
    ],
)
def test_what_cannot_be_tried_is_said(
    chief: Client, bitcoin: WatchedSymbol, fields: dict[str, str], words: str
) -> None:
    asked: dict[str, Any] = {"watched": bitcoin.pk, **fields}
    assert words in ask(chief, **asked)


def test_where_only_the_order_within_a_minute_decides_it_is_an_estimate(chief: Client, bitcoin: WatchedSymbol) -> None:
    store(bitcoin)

    page = ask(chief, watched=bitcoin.pk, hold_seconds="30")

    assert "It would have fired about" in page
    assert "this is an estimate" in page


def test_active_hours_count(chief: Client, bitcoin: WatchedSymbol) -> None:
    store(bitcoin)
    other_day = str((timezone.now().weekday() + 3) % 7)

    assert "It would not have fired." in ask(chief, watched=bitcoin.pk, active_days=[other_day])


def test_only_staff_who_may_change_rules_can_ask(chief: Client, bitcoin: WatchedSymbol) -> None:
    user = User.objects.create_user("watcher", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_alertrule"))
    watcher = Client()
    watcher.force_login(user)
    rule = make_rule(bitcoin)

    assert watcher.post(ADD, {**FORM, "_dry_run": "1"}).status_code == 403
    assert "Would it have fired?" not in text_of(watcher.get(page_of(rule)))
    assert Client(enforce_csrf_checks=True).post(ADD, {"_dry_run": "1"}).status_code in (302, 403)


def test_the_worst_month_takes_no_longer_than_two_seconds(chief: Client, bitcoin: WatchedSymbol) -> None:
    """Every minute crosses, both ways."""
    wild = [f"{94900 + number % 3} 95200 94700 {94900 + (number + 1) % 3}" for number in range(9000)]
    store(bitcoin, wild)
    began = time.process_time()

    page = send(chief, ADD, _dry_run="1", _dry_run_days="30", watched=bitcoin.pk, condition="cross")

    assert time.process_time() - began < 4  # of the processor, on a machine that does other things beside
    assert "It would have fired at least" in page


def record(folder: Path, *prices: str, symbol: str = "BTCUSDT", url: str = "ws://127.0.0.1:1") -> None:
    """A recording of trades, one second after the other, up to now; in between those of another symbol."""
    folder.mkdir()
    first = time.time_ns() // 1_000_000 - len(prices) * 1000
    lines = [json.dumps({"recv_ns": first * 10**6, "event": "connect", "url": url}, separators=(",", ":"))]
    for number, price in enumerate(prices):
        at = first + number * 1000
        for name in (symbol, "ETHUSDT"):
            trade = {"e": "trade", "E": at, "s": name, "t": 100 + number, "p": price, "q": "1", "T": at, "m": False}
            frame = json.dumps({"stream": f"{name.lower()}@trade", "data": trade})
            lines.append(f'{{"recv_ns":{at * 10**6},"msg":{frame}}}')
    (folder / "binance-20260110T000000Z-0000.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode() + b"\n"))


def test_on_recorded_ticks_it_is_exact(
    chief: Client, bitcoin: WatchedSymbol, settings: Settings, tmp_path: Path
) -> None:
    settings.RECORD_DIR = tmp_path / "recorded"
    record(settings.RECORD_DIR, "94990", "95000.01", "95300", "94000", "95001.5")
    store(bitcoin)

    page = ask(chief, watched=bitcoin.pk)

    assert "it would have fired 2 times." in page
    assert "95,000.01" in page and "95000.01 is at or above 95000" in page
    assert "this is exact" in page


@pytest.mark.parametrize("url", ["wss://stream.binance.com:9443/stream", "wss://data-stream.binance.vision"])
def test_ticks_of_another_source_do_not_count(
    chief: Client, bitcoin: WatchedSymbol, settings: Settings, tmp_path: Path, url: str
) -> None:
    settings.RECORD_DIR = tmp_path / "recorded"
    record(settings.RECORD_DIR, "94990", "95000.01", url=url)
    store(bitcoin)

    assert "On the recorded ticks" not in ask(chief, watched=bitcoin.pk)


def test_a_recording_that_is_damaged_or_empty_is_none(
    chief: Client, bitcoin: WatchedSymbol, settings: Settings, tmp_path: Path
) -> None:
    settings.RECORD_DIR = tmp_path
    store(bitcoin)

    assert "On the recorded ticks" not in ask(chief, watched=bitcoin.pk)
    (tmp_path / "binance-20260110T000000Z-0000.jsonl.gz").write_bytes(b"\x1f\x8bnonsense")
    assert "It would have fired at least" in ask(chief, watched=bitcoin.pk)
