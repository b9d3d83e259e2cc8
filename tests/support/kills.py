"""A feed and a sender that are killed again and again, beside an exchange that says again what may not have been heard.

The exchange is a script of frames. After each start it begins a little before the place up to which the database has
judged, and has kept what rules of moves look at; what was judged already must not be judged twice. What has to come of
the script the oracle says.
"""

import asyncio
import contextlib
import json
import random
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence, Set
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from market.core.merge import Merger
from market.core.quote import Quote
from market.core.rule import Condition, Frequency, Rule
from market.exchanges.binance import Binance
from tests.support.live import LiveProcess, run_command
from tests.support.oracle import Oracle
from tests.support.services import RedisServer
from tests.support.webhook_receiver import SECRET, WebhookReceiver

ENDS_WITHIN = 60.0
CHUNK = 20  # frames between two pauses
AGAIN_FASTER = 5  # than what is new; all at once would be more than may wait for a slow database
AGAIN_MS = 3_000  # so much of what was judged is said again
RECIPIENTS = 8

PREPARE = """
import json, sys
from decimal import Decimal
from django.core.management import call_command
call_command("migrate", verbosity=0)
from market.models import AlertRule, Recipient, WatchedSymbol
WatchedSymbol.objects.all().delete()
told = [
    Recipient.objects.create(name=f"hook {{n}}", kind="webhook", address={url!r}, secret={secret!r})
    for n in range({recipients})
]
made = []
for number, fields in enumerate(json.loads({rules!r})):
    watched, _ = WatchedSymbol.objects.get_or_create(symbol=fields.pop("symbol"))
    row = AlertRule.objects.create(watched=watched, audience="everyone", **fields)
    row.recipients.add(told[number % len(told)])
    row.refresh_from_db()
    rule = row.rule_for(watched)
    made.append({{name: getattr(rule, name) for name in rule.__slots__}})
print(json.dumps(made, default=str))
"""
NAMES = "SELECT dedupe FROM market_alert WHERE kind = 'price'"
JUDGED = (
    "SELECT w.symbol, max(s.time_ms) FROM market_rulestate s JOIN market_watchedsymbol w ON w.id = s.watched_id"
    " GROUP BY w.symbol"
)
FILLED = (
    "SELECT w.symbol, min(p.until_ms) FROM market_pricewindow p JOIN market_watchedsymbol w ON w.id = p.watched_id"
    " GROUP BY w.symbol"
)
OPEN = "SELECT count(*) FROM market_delivery WHERE state <> 'delivered'"


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


@dataclass(frozen=True)
class Frame:
    """What the exchange says, verbatim, and when that was by its own clock."""

    symbol: str
    time_ms: int
    text: str


@dataclass
class Script:
    """Plays frames to whoever connects, `per_second` of those that are new, from a little before what is judged."""

    frames: Sequence[Frame]
    database: Database
    per_second: int = 400
    url: str = ""
    furthest: int = 0  # how many were ever said
    finished: bool = False
    connections: int = 0
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def play(self, socket: ServerConnection) -> None:
        begin = await self._begin()
        self.connections += 1
        self.moved.set()
        with contextlib.suppress(ConnectionClosed):
            for number, frame in enumerate(self.frames[begin:], begin + 1):
                await socket.send(frame.text)
                if number > self.furthest:
                    self.furthest = number
                    self.moved.set()
                if number % CHUNK == 0:
                    again = AGAIN_FASTER if number < self.furthest else 1
                    await asyncio.sleep(CHUNK / self.per_second / again)
            self.finished = True
            self.moved.set()
            await socket.wait_closed()

    async def _begin(self) -> int:
        judged = dict(await asyncio.to_thread(self.database.rows, JUDGED))
        filled = dict(await asyncio.to_thread(self.database.rows, FILLED))  # every symbol has rules of moves
        symbols = {frame.symbol for frame in self.frames}
        since = min(min(judged.get(symbol, 0), filled.get(symbol, 0)) for symbol in symbols) - AGAIN_MS
        return next((number for number, frame in enumerate(self.frames) if frame.time_ms >= since), 0)

    async def said(self, count: int, *, to: int) -> None:
        """Until so many frames were said, and somebody listens for the time `to`."""
        async with asyncio.timeout(ENDS_WITHIN + len(self.frames) / self.per_second):
            while self.furthest < count or self.connections < to:
                self.moved.clear()
                await self.moved.wait()


@asynccontextmanager
async def playing(frames: Sequence[Frame], database: Database, *, per_second: int) -> AsyncIterator[Script]:
    script = Script(frames, database, per_second)
    async with serve(script.play, "127.0.0.1", 0, compression=None) as server:
        host, port = next(iter(server.sockets)).getsockname()
        script.url = f"ws://{host}:{port}"
        yield script


def quotes_of(frames: Sequence[Frame], source: str) -> list[Quote]:
    """What a feed that is never killed makes of them."""
    merger, exchange, quotes = Merger("binance", source), Binance(), []
    for frame in frames:
        ticks = exchange.read(frame.text)
        assert isinstance(ticks, list)
        quotes += [quote for tick in ticks if (quote := merger.apply(tick)) is not None]
    return quotes


def expected(rules: Sequence[Rule], quotes: Sequence[Quote]) -> set[str]:
    """The names of the alerts that the oracle raises."""
    oracle = Oracle()
    oracle.load((rule, None) for rule in rules)
    return {
        f"{each.rule.id}:{each.rule.version}:{each.rule.symbol}:{each.time_ms}:{each.after.fires}"
        for each in oracle.fires(quotes)
    }


@dataclass
class Town:
    """The database, its rules, and the two processes that are killed."""

    database: Database
    rules: list[Rule]
    script: Script
    feed: LiveProcess
    sender: LiveProcess
    receiver: WebhookReceiver
    chance: random.Random

    def names(self) -> list[str]:
        return [name for (name,) in self.database.rows(NAMES)]

    async def kill(self, process: LiveProcess, *, within: float) -> None:
        await asyncio.sleep(self.chance.uniform(0, within))
        await asyncio.to_thread(process.kill)
        process.start()

    async def kill_both_at(self, points: Sequence[int]) -> None:
        """Each point is a number of frames; a moment after it was said first."""
        before: list[tuple[Any, ...]] = []
        for number, point in enumerate(sorted(points), 1):
            await self.script.said(point, to=number)
            before = await self._judged_more(before)
            await asyncio.gather(self.kill(self.feed, within=0.1), self.kill(self.sender, within=0.5))

    async def _judged_more(self, before: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """The feed is at work again: what it decided is written."""
        async with asyncio.timeout(ENDS_WITHIN):
            while sorted(now := await asyncio.to_thread(self.database.rows, JUDGED)) == sorted(before):
                if self.script.finished:
                    break  # perhaps there is nothing more to decide
                await asyncio.sleep(0.05)
        return now

    async def ended(self, wanted: Set[str]) -> None:
        """Until all was said, and so many alerts are delivered; says what does not come."""
        try:
            async with asyncio.timeout(ENDS_WITHIN + len(wanted) / 20):
                while not self.script.finished or len(await asyncio.to_thread(self.names)) < len(wanted):
                    await asyncio.sleep(0.1)
                while (await asyncio.to_thread(self.database.rows, OPEN))[0][0]:
                    await asyncio.sleep(0.1)
        except TimeoutError:
            names, script = set(self.names()), self.script
            said = f"{script.furthest} of {len(script.frames)} frames said, {script.finished=}"
            lost = f"missing {wanted - names}, unwanted {names - wanted}, open {self.database.rows(OPEN)}"
            raise TimeoutError(f"{said}; {lost}\n{self.feed.stderr}\n{self.sender.stderr}") from None


@asynccontextmanager
async def town(
    url: str,
    redis: RedisServer,
    folder: Path,
    *,
    rules: Sequence[dict[str, Any]],
    frames: Sequence[Frame],
    per_second: int,
    seed: int,
    more: Mapping[str, str],
) -> AsyncIterator[Town]:
    database = Database(url)
    env = {
        "DATABASE_URL": url,
        "REDIS_URL": redis.url,
        "SECRET_KEY": "of this test only, and long enough for the checks of a deployment",
        "BINANCE_REST_URL": "http://127.0.0.1:9",
        "ALLOW_PRIVATE_WEBHOOKS": "true",
        **more,
    }
    with WebhookReceiver() as receiver:
        prepare = PREPARE.format(url=receiver.url, secret=SECRET, recipients=RECIPIENTS, rules=json.dumps(rules))
        said = await asyncio.to_thread(run_command, "shell", "-v", "0", "-c", prepare, env=env, var_dir=folder)
        async with playing(frames, database, per_second=per_second) as script:
            env["BINANCE_STREAM_URL"] = script.url
            feed = LiveProcess("runfeed", env=env, var_dir=folder)
            sender = LiveProcess("sendalerts", "--lease", "1", env=env, var_dir=folder)
            made = [rule_of(fields) for fields in json.loads(said)]
            try:
                feed.start()
                sender.start()
                yield Town(database, made, script, feed, sender, receiver, random.Random(seed))
            finally:
                await asyncio.gather(asyncio.to_thread(feed.__exit__), asyncio.to_thread(sender.__exit__))


def rule_of(fields: dict[str, Any]) -> Rule:
    numbers = {name: Decimal(fields[name]) for name in ("threshold", "rearm")}
    upper = None if fields["upper"] is None else Decimal(fields["upper"])
    words = {"condition": Condition(fields["condition"]), "frequency": Frequency(fields["frequency"])}
    return Rule(**{**fields, **numbers, **words, "upper": upper})
