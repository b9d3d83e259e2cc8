"""`manage.py backfillcandles` and `prunecandles`, and what the admin shows of candles."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from pytest_django import Settings

from market import history
from market.core.interval import MINUTE_MS, Interval
from market.history import Gap, Progress
from market.models import BackfillState, Candle, CandleGap
from market.simulator import Simulator
from tests.history.made import KEY, MIDNIGHT, SOURCE, minutes
from tests.support.services import CHECKOUT

pytestmark = pytest.mark.django_db(transaction=True)

DAY_MS = Interval.D1.ms


@pytest.fixture
def exchange(settings: Settings) -> Iterator[Simulator]:
    """With a loop of its own, and the settings pointing at it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    simulator = Simulator(symbols=("BTCUSDT", "MATICUSDT"), rate=0)
    try:
        asyncio.run_coroutine_threadsafe(simulator.start(), loop).result(30)
        settings.BINANCE_REST_URL = simulator.rest_url
        yield simulator
        asyncio.run_coroutine_threadsafe(simulator.stop(), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def date(days_ago: int) -> str:
    return f"{datetime.now(UTC) - timedelta(days=days_ago):%Y-%m-%d}"


def backfill(*arguments: str) -> str:
    output = StringIO()
    call_command("backfillcandles", *arguments, stdout=output, stderr=StringIO())
    return output.getvalue()


def test_days_of_the_past_are_loaded_once(exchange: Simulator) -> None:
    said = backfill("BTCUSDT", "--from", date(3), "--to", date(1))
    loaded = list(Candle.objects.filter(interval="1m").values_list("open_time", flat=True).order_by("open_time"))
    weight = exchange._gate._rest.weight
    again = backfill("btcusdt", "--from", date(3), "--to", date(1))

    assert said == again
    assert "BTCUSDT (simulator): 2,880 minutes from " in said
    assert loaded == list(range(loaded[0], loaded[0] + 2 * DAY_MS, MINUTE_MS))
    assert Candle.objects.filter(interval="1d", minutes=1440).count() == 2
    assert exchange._gate._rest.weight - weight == 20  # the question whether there is such a symbol


def test_what_the_exchange_does_not_have_is_said(exchange: Simulator) -> None:
    said = backfill("MATICUSDT", "--from", date(2), "--to", date(1))

    assert "1,440 of them the exchange does not have" in said
    assert [(row.end - row.start) // MINUTE_MS for row in CandleGap.objects.all()] == [1440]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["NOBODYUSDT", "--from", "2026-01-01"], "the exchange does not list NOBODYUSDT: Invalid symbol."),
        (["BTC USDT!", "--from", "2026-01-01"], "' ' cannot be in a symbol"),
        (["BTCUSDT", "--from", "2026-13-01"], "not a date like 2025-01-31: '2026-13-01'"),
        (["BTCUSDT", "--from", "yesterday"], "not a date like 2025-01-31: 'yesterday'"),
        (["BTCUSDT", "--from", "2026-01-02", "--to", "2026-01-01"], "nothing lies between 2026-01-02 00:00 and"),
        (["BTCUSDT", "--from", "2099-01-01"], "nothing lies between 2099-01-01 00:00 and"),
        (["BTCUSDT"], "--from"),
    ],
    ids=str,
)
def test_what_cannot_be_loaded_is_one_clear_line(exchange: Simulator, arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError) as refusal:
        backfill(*arguments)

    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert not Candle.objects.exists()


def test_an_exchange_that_is_away_is_one_clear_line(settings: Settings) -> None:
    settings.BINANCE_REST_URL = "http://127.0.0.1:9"

    with pytest.raises(CommandError, match="the exchange does not answer: "):
        backfill("BTCUSDT", "--from", date(1))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_says_so_and_goes_on_from_there(
    exchange: Simulator, how: signal.Signals, tmp_path: Path
) -> None:
    start = date(21)
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}", "SECRET_KEY": "test"}
    environment |= {"VAR_DIR": str(tmp_path), "BINANCE_REST_URL": exchange.rest_url}
    argv = [sys.executable, "manage.py", "backfillcandles", "BTCUSDT", "--from", start, "--to", date(1)]
    process = subprocess.Popen(argv, cwd=CHECKOUT, env=environment, stderr=subprocess.PIPE, text=True)
    _wait_for_minutes(1900)
    process.send_signal(how)
    _, errors = process.communicate(timeout=30)
    held = Candle.objects.filter(interval="1m").count()
    weight = exchange._gate._rest.weight

    assert process.returncode == 130
    assert "the same command goes on from there" in errors
    assert "Traceback" not in errors
    assert "min" in errors  # the bar
    assert 0 < held < 20 * 1440
    assert "28,800 minutes" in backfill("BTCUSDT", "--from", start, "--to", date(1))
    assert Candle.objects.filter(interval="1m").count() == 20 * 1440
    assert exchange._gate._rest.weight - weight <= 20 + 2 * ((20 * 1440 - held) // 990 + 2)


def _wait_for_minutes(number: int) -> None:
    ended = threading.Event()
    for _ in range(600):
        if Candle.objects.filter(interval="1m").count() >= number:
            return
        ended.wait(0.05)
    raise TimeoutError(f"not {number} minutes within 30 s")


def test_old_candles_are_deleted_and_longer_ones_kept_longer(settings: Settings) -> None:
    history.write(SOURCE, {KEY: minutes(range(1440 + 60))})
    history.mark(*KEY, SOURCE, [Gap(MIDNIGHT - DAY_MS, MIDNIGHT - DAY_MS + MINUTE_MS, "none")])
    settings.CANDLE_DAYS = {"1m": 3, "5m": 0, "15m": 3, "1h": 0, "4h": 0, "1d": 0}
    hours = Candle.objects.filter(interval="1h").count()

    steps = list(history.prune({Interval.M1: 3, Interval.M15: 3}, now_ms=MIDNIGHT + 4 * DAY_MS + 7 * MINUTE_MS))
    assert sum(steps) == 1440 + 96
    assert Candle.objects.filter(interval="1m", open_time__lt=MIDNIGHT + DAY_MS).count() == 0
    assert Candle.objects.filter(interval="1m").count() == 60
    assert Candle.objects.filter(interval="1h").count() == hours
    assert not CandleGap.objects.exists()
    history.write(SOURCE, {KEY: minutes(range(700, 720))})  # somebody loads a part of what was deleted
    (day,) = Candle.objects.filter(interval="1d")
    assert day.minutes == 1440
    output = StringIO()
    call_command("prunecandles", stdout=output)
    assert "1m 3 days" in output.getvalue()
    assert "1d for ever" in output.getvalue()


def test_the_admin_shows_how_far_loading_is(admin_client: Client) -> None:
    history.write(SOURCE, {KEY: minutes(range(3))})
    history.mark(*KEY, SOURCE, [Gap(MIDNIGHT - MINUTE_MS, MIDNIGHT, "halted")])
    progress = Progress(BackfillState.HELD_UP, 990, 4320, "HTTP 429 Too Many Requests: slow down")
    history.note_progress(*KEY, SOURCE, progress)
    series = history.series_of(*KEY, SOURCE)
    assert series is not None

    page = _text(admin_client.get("/admin/market/candleseries/"))
    assert "990 / 4,320 (23%)" in page
    assert "HTTP 429 Too Many Requests: slow down" in page
    assert "the exchange makes us wait" in page
    detail = _text(admin_client.get(f"/admin/market/candleseries/{series.pk}/change/"))
    assert "the exchange did not trade this symbol" in detail


def _text(response: Any) -> str:
    assert response.status_code == 200
    text: str = response.content.decode()
    return text
