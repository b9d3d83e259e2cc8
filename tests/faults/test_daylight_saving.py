"""Daylight saving begins and ends: active hours follow the clock on the wall, candles and days follow UTC."""

import os
import subprocess
import sys
import time as clocks
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from market import history
from market.core.candle import Candle
from market.core.interval import MINUTE_MS, Interval
from market.core.wire import time_text
from market.models import AlertRule
from market.simulator.interval import following, opening
from tests.support.services import CHECKOUT

BERLIN, NEW_YORK, LORD_HOWE, SHANGHAI = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai"
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)  # in Berlin
MINUTE = timedelta(minutes=1)


def rule(begin: str, end: str, *, zone: str = BERLIN, days: str = "") -> AlertRule:
    return AlertRule(
        active_from=time.fromisoformat(begin), active_until=time.fromisoformat(end), active_days=days, time_zone=zone
    )


def stretches(rule: AlertRule, day: date, *, zone: str = BERLIN) -> list[tuple[str, str]]:
    """When it is active on that day of the zone, as times of UTC from and up to, looked at every minute."""
    here = ZoneInfo(zone)
    moment = datetime.combine(day, time(), here).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), here).astimezone(UTC)
    found: list[tuple[str, str]] = []
    while moment < end:
        if rule.active_at(moment):
            begin = found.pop()[0] if found and found[-1][1] == f"{moment:%H:%M}" else f"{moment:%H:%M}"
            found.append((begin, f"{moment + MINUTE:%H:%M}"))
        moment += MINUTE
    return found


@pytest.mark.parametrize(
    ("day", "active"),
    [
        (SPRING - timedelta(days=1), [("08:00", "16:00")]),
        (SPRING, [("07:00", "15:00")]),
        (AUTUMN - timedelta(days=1), [("07:00", "15:00")]),
        (AUTUMN, [("08:00", "16:00")]),
    ],
)
def test_office_hours_stay_office_hours(day: date, active: list[tuple[str, str]]) -> None:
    assert stretches(rule("09:00", "17:00"), day) == active


@pytest.mark.parametrize(
    ("begin", "end", "day", "active"),
    [
        # 02:00 to 03:00 does not exist: hours within it are left out, hours around it are an hour shorter.
        ("02:15", "02:45", SPRING, []),
        ("01:30", "03:30", SPRING, [("00:30", "01:30")]),
        ("01:30", "02:30", SPRING, [("00:30", "01:00")]),
        # 02:00 to 03:00 comes twice: hours within it are active twice, hours around it are an hour longer.
        ("02:15", "02:45", AUTUMN, [("00:15", "00:45"), ("01:15", "01:45")]),
        ("01:30", "03:30", AUTUMN, [("23:30", "02:30")]),
    ],
)
def test_the_hour_that_is_missing_and_the_hour_that_comes_twice(
    begin: str, end: str, day: date, active: list[tuple[str, str]]
) -> None:
    assert stretches(rule(begin, end), day) == active


def test_a_night_is_an_hour_shorter_in_spring_and_longer_in_autumn() -> None:
    night = rule("22:00", "06:00")

    assert stretches(night, SPRING) == [("23:00", "04:00"), ("20:00", "22:00")]  # 5 h of 6 until the morning
    assert stretches(night, AUTUMN) == [("22:00", "05:00"), ("21:00", "23:00")]


def test_the_night_of_a_day_ends_on_the_next_morning_also_when_the_clock_changes() -> None:
    """Saturday night begins on Saturday and ends on Sunday morning, after the change."""
    saturdays = rule("22:00", "06:00", days="5")

    assert stretches(saturdays, SPRING) == [("23:00", "04:00")]
    assert stretches(saturdays, SPRING + timedelta(days=1)) == []


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        (NEW_YORK, (date(2026, 3, 7), "14:00"), (date(2026, 3, 8), "13:00")),
        (NEW_YORK, (date(2026, 10, 31), "13:00"), (date(2026, 11, 1), "14:00")),
        (LORD_HOWE, (date(2026, 4, 4), "22:00"), (date(2026, 4, 5), "22:30")),  # half an hour
        (SHANGHAI, (SPRING - timedelta(days=1), "01:00"), (SPRING, "01:00")),  # none
    ],
)
def test_other_zones_change_at_other_times(zone: str, before: tuple[date, str], after: tuple[date, str]) -> None:
    for day, begin in (before, after):
        assert stretches(rule("09:00", "09:30", zone=zone), day, zone=zone)[0][0] == begin


@pytest.fixture(params=[BERLIN, NEW_YORK, LORD_HOWE])
def machine_in(request: pytest.FixtureRequest) -> Iterator[str]:
    """This process on a machine whose own clock changes."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    clocks.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    clocks.tzset()


@pytest.mark.parametrize("day", [SPRING, AUTUMN, date(2026, 3, 8), date(2026, 11, 1), date(2026, 4, 5)])
def test_days_and_candles_are_those_of_utc(machine_in: str, day: date) -> None:
    midnight = int(datetime.combine(day, time(), UTC).timestamp() * 1000)
    for interval in Interval:
        openings = {interval.floor(midnight + minute * MINUTE_MS) for minute in range(1440)}
        assert min(openings) == midnight
        assert len(openings) == 1440 // interval.minutes
    assert opening("1d", midnight + 1439 * MINUTE_MS) == midnight
    assert following("1d", midnight) == midnight + 1440 * MINUTE_MS
    assert time_text(midnight) == f"{day}T00:00:00.000Z"


@pytest.mark.django_db
def test_a_stored_day_has_all_its_minutes_when_the_clock_changes(machine_in: str) -> None:
    one = Decimal(1)
    midnight = int(datetime.combine(SPRING, time(), UTC).timestamp() * 1000)
    minutes = [
        Candle(midnight + number * MINUTE_MS, one, one, one, one, one, one, 1) for number in range(-60, 1440 + 60)
    ]
    history.write("simulator", {("binance", "BTCUSDT"): minutes})

    for interval, open_ms, trades in (
        (Interval.D1, midnight, 1440),
        (Interval.H4, midnight, 240),  # holds the hour that is missing in Berlin
        (Interval.H1, midnight + 60 * MINUTE_MS, 60),
    ):
        found = history.read(
            "binance", "BTCUSDT", "simulator", interval, start_ms=open_ms, end_ms=open_ms + interval.ms, limit=1
        )
        (candle,) = found.candles
        assert (candle.open_ms, candle.trades, found.gaps) == (open_ms, trades, [])


ASKED = """
import django; django.setup()
from datetime import datetime, UTC
from django.utils import timezone
from market.core.wire import time_text
one = datetime(2026, 3, 29, 1, tzinfo=UTC)
print(timezone.now().utcoffset(), time_text(1_774_746_000_000), timezone.localtime(one))
"""


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
def test_a_process_speaks_utc_whatever_the_machine_does(zone: str) -> None:
    said = subprocess.run(
        [sys.executable, "-c", ASKED],
        cwd=CHECKOUT,
        env={**os.environ, "TZ": zone, "DJANGO_SETTINGS_MODULE": "pricefeed.settings"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    assert said.strip() == "0:00:00 2026-03-29T01:00:00.000Z 2026-03-29 01:00:00+00:00"
