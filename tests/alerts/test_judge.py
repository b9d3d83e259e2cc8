"""Judging in the feed: rules that are edited meanwhile, restarts, pauses, storms, a database that is locked."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer, channel_layers
from django.db import connection
from django.utils import timezone

from market.core.messages import LIVE, STALE
from market.core.quote import Quote
from market.core.storm import Storm
from market.judge import Judge, JudgePace
from market.models import Alert, AlertRule, PriceWindow, RuleState, WatchedSymbol
from market.publish import Publisher
from tests.support.exchange import until

pytestmark = pytest.mark.django_db(transaction=True)
NOON = 1_768_046_400_000
QUICK = JudgePace(rules=0.02, dead=0.05, digests=0.02, windows=0.02, storm=Storm(symbols=2, seconds=0.3))


@pytest.fixture(autouse=True)
def layer() -> Any:
    before = channel_layers.set("default", InMemoryChannelLayer())
    yield
    if before is not None:
        channel_layers.set("default", before)


@pytest.fixture(autouse=True)
def symbols() -> None:
    WatchedSymbol.objects.all().delete()
    for symbol in ("BTCUSDT", "ETHUSDT", "SOLUSDT", "ADAUSDT"):
        WatchedSymbol.objects.create(symbol=symbol)


def make(symbol: str | None = "BTCUSDT", **fields: Any) -> AlertRule:
    watched = None if symbol is None else WatchedSymbol.objects.get(symbol=symbol)
    return AlertRule.objects.create(**{"watched": watched, "condition": "above", "threshold": Decimal(100), **fields})


async def ask(question: Callable[[], Any]) -> Any:
    return await asyncio.to_thread(question)


@asynccontextmanager
async def judging() -> AsyncIterator[Judge]:
    judge = Judge("binance", "simulator", Publisher(), pace=QUICK)
    task = asyncio.create_task(judge.run())
    await judge.ready()
    try:
        yield judge
        await until(lambda: judge.unjudged + judge.waiting == 0)
    finally:
        task.cancel()
        await asyncio.wait([task])


def see(judge: Judge, *prices: int, symbol: str = "BTCUSDT", at: int = NOON) -> None:
    for number, price in enumerate(prices):
        judge.see(Quote("binance", symbol, "simulator", at + number, {"price": Decimal(price)}))


async def alerts(count: int) -> list[Alert]:
    async with asyncio.timeout(10):
        while len(rows := await ask(lambda: list(Alert.objects.order_by("id")))) < count:
            await asyncio.sleep(0.02)
    return list(rows)


async def test_a_crossing_is_an_alert_with_the_ticks_before_it() -> None:
    await ask(make)
    async with judging() as judge:
        see(judge, 90, 95, 101)
        (alert,) = await alerts(1)

    assert (alert.price, alert.previous_price, alert.late) == (Decimal(101), Decimal(95), False)
    assert alert.ticks == [[NOON, "90"], [NOON + 1, "95"], [NOON + 2, "101"]]
    assert alert.source == "simulator"


async def test_a_crossing_that_was_missed_while_down_fires_once_and_is_late() -> None:
    await ask(make)
    async with judging() as judge:
        see(judge, 90)
    async with judging() as judge:
        see(judge, 101, 102, at=NOON + 60_000)
        (alert,) = await alerts(1)
    async with judging() as judge:
        see(judge, 103, at=NOON + 90_000)

    assert alert.late
    assert len(await alerts(1)) == 1


async def test_a_move_that_began_before_a_restart_fires_after_it() -> None:
    await ask(lambda: make(condition="moved", threshold=Decimal(5), window_seconds=3600))
    async with judging() as judge:
        see(judge, 100, 101)
        await until_kept(NOON + 1)
    async with judging() as judge:
        see(judge, 106, at=NOON + 60_000)
        (alert,) = await alerts(1)

    assert alert.late
    assert alert.price == 106


async def test_a_move_that_fired_is_not_over_because_of_a_restart() -> None:
    await ask(lambda: make(condition="moved", threshold=Decimal(5), window_seconds=3600))
    async with judging() as judge:
        see(judge, 100, 106)
        await alerts(1)
        await until_kept(NOON + 1)
    async with judging() as judge:
        see(judge, 107, 108, at=NOON + 60_000)
    (alert,) = await alerts(1)

    assert alert.resolved_at is None


async def until_kept(time_ms: int) -> None:
    async with asyncio.timeout(10):
        while not await ask(PriceWindow.objects.filter(until_ms=time_ms).exists):
            await asyncio.sleep(0.02)


async def test_an_edit_counts_without_a_restart_and_begins_anew() -> None:
    rule = await ask(make)
    async with judging() as judge:
        see(judge, 90)
        await ask(lambda: AlertRule.objects.filter(pk=rule.pk).update(threshold=Decimal(80)))
        await until(lambda: [entry.row.threshold for entry in judge._entries.values()] == [80])
        see(judge, 91, at=NOON + 10)  # only sets the side
        see(judge, 70, 81, at=NOON + 20)
        (alert,) = await alerts(1)

    assert (alert.price, alert.rule_version) == (Decimal(81), 2)


async def test_a_rule_of_all_symbols_judges_each_and_a_storm_is_a_digest() -> None:
    await ask(lambda: make(None))
    names = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "ADAUSDT")
    async with judging() as judge:
        for symbol in names:
            see(judge, 90, 101, symbol=symbol)
        rows = await alerts(5)
        async with asyncio.timeout(10):
            while not await ask(lambda: Alert.objects.filter(kind="digest", resolved_at__isnull=False).exists()):
                await asyncio.sleep(0.02)

    assert {row.symbol for row in rows if row.kind == "price"} == set(names)
    assert [row.count for row in rows if row.kind == "digest"] == [2]


async def test_a_snoozed_rule_is_judged_and_silent_and_its_one_time_is_not_used_up() -> None:
    rule = await ask(lambda: make(frequency="once"))
    async with judging() as judge:
        see(judge, 90)
        await until(lambda: judge.unjudged + judge.waiting == 0)
        judge._entries[(rule.pk, "binance", "BTCUSDT")].row.active_days = "0"  # Mondays; NOON is a Saturday
        see(judge, 101, 90, at=NOON + 10)
        await until(lambda: judge.unjudged + judge.waiting == 0)
        judge._entries[(rule.pk, "binance", "BTCUSDT")].row.active_days = ""
        see(judge, 102, 90, 103, at=NOON + 20)
        (alert,) = await alerts(1)

    assert (alert.price, alert.late) == (Decimal(102), False)


async def test_a_paused_rule_is_left_out_until_its_time() -> None:
    until_then = timezone.now() + timedelta(seconds=0.5)
    await ask(lambda: make(paused_until=until_then))
    async with judging() as judge:
        see(judge, 90, 101)
        assert not judge._entries
        await until(lambda: judge._entries)
        see(judge, 90, 102, at=NOON + 10)
        (alert,) = await alerts(1)

    assert alert.price == 102


async def test_a_dead_feed_is_one_alert_and_its_return_another() -> None:
    await ask(make)
    async with judging() as judge:
        judge.note_feed(LIVE, "")
        judge.note_feed(STALE, "silent")
        await asyncio.sleep(0.1)
        for _ in range(3):
            judge.note_feed(STALE, "silent")
        judge.note_feed(LIVE, "")
        judge.note_feed(LIVE, "")
        rows = await alerts(2)

    assert [row.kind for row in rows] == ["feed", "feed"]
    assert "silent" in rows[0].why
    assert (await ask(RuleState.objects.count)) == 0


async def test_a_database_that_fails_delays_and_loses_nothing() -> None:
    await ask(make)
    async with judging() as judge:
        see(judge, 90)
        await until(lambda: judge.unjudged + judge.waiting == 0)
        await ask(lambda: sql("ALTER TABLE market_rulestate RENAME TO away"))
        see(judge, 101, 90, 102, at=NOON + 10)
        await asyncio.sleep(0.3)
        assert judge.waiting
        await ask(lambda: sql("ALTER TABLE away RENAME TO market_rulestate"))
        rows = await alerts(2)

    assert [row.price for row in rows] == [101, 102]


async def test_prices_wait_for_rules_that_are_being_read_and_it_is_said(caplog: pytest.LogCaptureFixture) -> None:
    await ask(make)
    judge = Judge("binance", "simulator", Publisher(), pace=replace(QUICK, ready=0.02))
    ready = asyncio.create_task(judge.ready())
    await until(lambda: "prices wait for the alert rules" in caplog.text)
    assert not ready.done()

    running = asyncio.create_task(judge.run())
    await asyncio.wait_for(ready, 10)
    assert judge.loaded
    running.cancel()
    await asyncio.wait([running])


async def test_prices_do_not_wait_for_a_database_that_refuses(caplog: pytest.LogCaptureFixture) -> None:
    await ask(lambda: sql("ALTER TABLE market_alertrule RENAME TO away"))
    try:
        judge = Judge("binance", "simulator", Publisher(), pace=replace(QUICK, ready=0.3))
        running = asyncio.create_task(judge.run())
        await asyncio.wait_for(judge.ready(), 10)
        running.cancel()
        await asyncio.wait([running])
    finally:
        await ask(lambda: sql("ALTER TABLE away RENAME TO market_alertrule"))

    assert not judge.loaded
    assert "prices begin without alert rules" in caplog.text


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


async def test_a_symbol_without_rules_is_not_held() -> None:
    async with judging() as judge:
        see(judge, 90, 101)

        assert not judge._held
