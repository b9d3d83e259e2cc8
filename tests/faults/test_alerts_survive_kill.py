"""Fault: the feed is killed again and again. Every crossing is one alert, none is missing, none is there twice.

The exchange is a script: a fixed walk of prices. After each start it goes on where the database says that judging
had got to, so that what the feed heard and had not written is heard again, and must come to the same alerts.
"""

import asyncio
import contextlib
import json
import random
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from market.core.quote import Quote
from market.core.rule import Condition, Frequency, Rule
from tests.support.live import LiveProcess, run_command
from tests.support.oracle import Oracle
from tests.support.services import RedisServer

START = 1_768_046_400_000
SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
LEVELS = range(970, 1031, 10)  # the price walks around 1000
CONDITIONS = ("above", "below", "cross")
PER_SECOND = 400  # ticks of the script
ENDS_WITHIN = 60.0

PREPARE = f"""
from decimal import Decimal
from django.core.management import call_command
call_command("migrate", verbosity=0)
from market.models import AlertRule, WatchedSymbol
WatchedSymbol.objects.all().delete()
for symbol in {SYMBOLS}:
    watched = WatchedSymbol.objects.create(symbol=symbol)
    for condition in {CONDITIONS}:
        for level in {list(LEVELS)}:
            AlertRule.objects.create(watched=watched, condition=condition, threshold=Decimal(level),
                                     rearm=Decimal("0.2"), audience="everyone")
"""
ALERTS = (
    "SELECT a.symbol, a.dedupe, r.condition, r.threshold"
    " FROM market_alert a JOIN market_alertrule r ON r.id = a.rule_id WHERE a.kind = 'price'"
)
REACHED = (
    "SELECT w.symbol, max(s.time_ms) FROM market_rulestate s JOIN market_watchedsymbol w ON w.id = s.watched_id"
    " GROUP BY w.symbol"
)


@dataclass(frozen=True)
class Database:
    """Asked from outside, as an operator would."""

    url: str

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        if self.url.startswith("postgres"):
            with psycopg.connect(self.url) as connection:
                return connection.execute(question.encode()).fetchall()
        with contextlib.closing(sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=20)) as connection:
            return connection.execute(question).fetchall()


def walk(seed: int, ticks: int) -> list[tuple[str, int, Decimal]]:
    """(symbol, ms, price): every tick of a symbol has a time of its own."""
    dice = random.Random(seed)
    prices = dict.fromkeys(SYMBOLS, 1000)
    made = []
    for number in range(ticks):
        symbol = dice.choice(SYMBOLS)
        step = dice.randint(-6, 6) + (1000 - prices[symbol]) // 12
        prices[symbol] += step
        made.append((symbol, START + number, Decimal(prices[symbol])))
    return made


def expected(ticks: list[tuple[str, int, Decimal]]) -> set[tuple[str, str, int, int]]:
    """What the oracle says: symbol, condition, level and ms of each crossing."""
    oracle, names = Oracle(), {}
    for number, (symbol, condition, level) in enumerate(
        (symbol, condition, level) for symbol in SYMBOLS for condition in CONDITIONS for level in LEVELS
    ):
        names[number] = (symbol, condition, level)
        rearm = Decimal(level) * Decimal("0.2") / 100
        kind = Condition(condition)
        rule = Rule(number, 1, "binance", symbol, kind, Decimal(level), None, rearm, 0, 0, Frequency.EVERY, 0, False)
        oracle.load([(rule, None)])
    found = set()
    for symbol, time_ms, price in ticks:
        for decision in oracle.judge(Quote("binance", symbol, "simulator", time_ms, {"price": price}), None):
            if decision.fires:
                found.add((*names[decision.rule.id], time_ms))
    return found


@dataclass
class Script:
    """Plays the walk to whoever connects, from where the database says that all before is written."""

    ticks: list[tuple[str, int, Decimal]]
    database: Database
    url: str = ""
    finished: int = 0

    async def play(self, socket: ServerConnection) -> None:
        reached = dict(await asyncio.to_thread(self.database.rows, REACHED))
        due = [tick for tick in self.ticks if tick[1] > reached.get(tick[0], 0)]
        with contextlib.suppress(ConnectionClosed):
            for number, tick in enumerate(due):
                await socket.send(frame(*tick))
                if number % 20 == 0:
                    await asyncio.sleep(20 / PER_SECOND)
            self.finished += 1
            await socket.wait_closed()


def frame(symbol: str, time_ms: int, price: Decimal) -> str:
    shown = str(price)
    data = {"e": "24hrTicker", "E": time_ms, "s": symbol, "c": shown, "P": "0", "p": "0", "w": shown, "o": shown}
    data |= {"h": shown, "l": shown, "v": "1", "q": "1", "b": shown, "a": shown, "B": "1", "A": "1", "L": time_ms}
    return json.dumps({"stream": f"{symbol.lower()}@ticker", "data": data})


@asynccontextmanager
async def playing(ticks: list[tuple[str, int, Decimal]], database: Database) -> AsyncIterator[Script]:
    script = Script(ticks, database)
    async with serve(script.play, "127.0.0.1", 0, compression=None) as server:
        host, port = next(iter(server.sockets)).getsockname()
        script.url = f"ws://{host}:{port}"
        yield script


async def survive_kills(url: str, redis: RedisServer, folder: Path, *, kills: int, ticks: int, seed: int) -> None:
    database, dice = Database(url), random.Random(seed)
    secret = "of this test only, and long enough for the checks of a deployment"
    env = {"DATABASE_URL": url, "REDIS_URL": redis.url, "SECRET_KEY": secret, "BINANCE_REST_URL": "http://127.0.0.1:9"}
    await asyncio.to_thread(run_command, "shell", "-c", PREPARE, env=env, var_dir=folder)
    made = walk(seed, ticks)
    wanted = expected(made)
    async with playing(made, database) as script:
        env["BINANCE_STREAM_URL"] = script.url
        process = LiveProcess("runfeed", env=env, var_dir=folder)
        try:
            done = 0
            while done < kills and not script.finished:
                process.start()
                before = len(await asyncio.to_thread(database.rows, ALERTS))
                await until_more(database, before, script)
                await asyncio.sleep(dice.uniform(0, 0.4))
                process.process.send_signal(signal.SIGKILL)
                await asyncio.to_thread(process.process.wait)
                done += 1
            script.finished = 0
            process.start()
            await until_all(database, script, len(wanted))
            said = process.stderr
        finally:
            await asyncio.to_thread(process.__exit__)

    rows = await asyncio.to_thread(database.rows, ALERTS)
    found = [(symbol, condition, int(level), int(name.split(":")[3])) for symbol, name, condition, level in rows]
    print(f"{done} kills, {len(wanted)} crossings of {ticks} ticks")
    assert done == kills
    assert len(found) == len(set(found)), "a crossing has two alerts"
    assert set(found) == wanted
    assert "Traceback" not in said


async def until_more(database: Database, before: int, script: Script) -> None:
    """The feed is at work: something new was written."""
    async with asyncio.timeout(ENDS_WITHIN):
        while len(await asyncio.to_thread(database.rows, ALERTS)) <= before and not script.finished:
            await asyncio.sleep(0.02)


async def until_all(database: Database, script: Script, count: int) -> None:
    async with asyncio.timeout(ENDS_WITHIN + 4 * len(script.ticks) / PER_SECOND):
        while not script.finished or len(await asyncio.to_thread(database.rows, ALERTS)) < count:
            await asyncio.sleep(0.1)


async def test_a_feed_that_is_killed_five_times_misses_no_crossing(tmp_path: Path, redis_server: RedisServer) -> None:
    url = f"sqlite:///{tmp_path / 'db.sqlite3'}"
    await survive_kills(url, redis_server, tmp_path, kills=5, ticks=1_500, seed=5)


@pytest.mark.soak
async def test_fifty_kills_on_sqlite(tmp_path: Path, redis_server: RedisServer) -> None:
    url = f"sqlite:///{tmp_path / 'db.sqlite3'}"
    await survive_kills(url, redis_server, tmp_path, kills=50, ticks=24_000, seed=50)


@pytest.mark.soak
async def test_fifty_kills_on_postgresql(tmp_path: Path, redis_server: RedisServer, postgres_url: str) -> None:
    await survive_kills(postgres_url, redis_server, tmp_path, kills=50, ticks=24_000, seed=51)
