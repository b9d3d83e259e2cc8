"""Fault: feed and sender are killed again and again. Each crossing is delivered, none is missing, none is two."""

import gzip
import json
import random
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.kills import Frame, expected, quotes_of, town
from tests.support.services import RedisServer, recording

START = 1_768_046_400_000
SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
LEVELS = range(970, 1031, 10)  # the price walks around 1000
IN_ONE_MS = 3  # ticks of the walk
RECORDED = "binance_spot_20240808_btc_eth_trade_bookticker_650s.jsonl.gz"
TICKERS = "DERIVED_binance_24hrTicker_btc_eth_1hz_650s.jsonl"
CONDITIONS = ("above", "below", "cross", "enters", "leaves", "change_above", "change_below", "moved")
# How a rule may differ besides; the exchange's time of the walk is short.
VARIETIES: tuple[dict[str, Any], ...] = (
    {},
    {"hold_seconds": 1},
    {"frequency": "interval", "interval_seconds": 1},
    {"frequency": "once", "fire_if_holds": True},
)


def walk(seed: int, ticks: int) -> list[Frame]:
    """Tickers of which some have the same millisecond: the id of the last trade is their order."""
    dice, prices = random.Random(seed), dict.fromkeys(SYMBOLS, 1000)
    frames = []
    for number in range(ticks):
        symbol = dice.choice(SYMBOLS)
        prices[symbol] += dice.randint(-6, 6) + (1000 - prices[symbol]) // 12
        frames.append(ticker(symbol, START + number // IN_ONE_MS * IN_ONE_MS, number + 1, prices[symbol]))
    return frames


def ticker(symbol: str, time_ms: int, trade_id: int, price: int) -> Frame:
    shown, change = str(price), str(Decimal(price - 1000) / 10)
    data = {"e": "24hrTicker", "E": time_ms, "s": symbol, "c": shown, "P": change, "p": "0", "w": shown, "o": "1000"}
    data |= {"h": shown, "l": shown, "v": "1", "q": "1", "b": shown, "a": shown, "B": "1", "A": "1", "L": trade_id}
    return Frame(symbol, time_ms, json.dumps({"stream": f"{symbol.lower()}@ticker", "data": data}))


def walk_rules() -> list[dict[str, Any]]:
    made = []
    for symbol in SYMBOLS:
        for condition in CONDITIONS:
            for number, level in enumerate(LEVELS):
                threshold = (level - 1000) / 10 if condition.startswith("change") else level
                rule: dict[str, Any] = {"symbol": symbol, "condition": condition, "rearm": "0.2"}
                rule["threshold"] = str(threshold)
                if condition in ("enters", "leaves"):
                    rule["upper"] = str(level + 12)
                if condition == "moved":
                    rule |= {"threshold": str(1 + number / 4), "window_seconds": 1}
                made.append(rule | VARIETIES[number % len(VARIETIES)])
    return made


def recorded() -> list[Frame]:
    """The trades as they were sent, and the day tickers that were computed from them."""
    with gzip.open(recording(RECORDED), "rt") as lines:
        texts = [line[line.index('"msg":') + 6 : line.rindex("}")] for line in lines if '"e":"trade"' in line]
    texts += recording(TICKERS).read_text().splitlines()
    read = [(json.loads(text)["data"], text) for text in texts]
    return sorted((Frame(data["s"], data["E"], text) for data, text in read), key=lambda frame: frame.time_ms)


def recorded_rules(frames: Sequence[Frame], seed: int) -> list[dict[str, Any]]:
    """Thresholds are prices that were traded, and changes that were said."""
    dice, made = random.Random(seed), []
    quotes = quotes_of(frames, "replay")
    for symbol in ("BTCUSDT", "ETHUSDT"):
        prices = sorted(quote.price for quote in quotes if quote.symbol == symbol)
        changes = sorted(quote.change_24h for quote in quotes if quote.symbol == symbol and quote.change_24h)
        for number, condition in enumerate(CONDITIONS * 6):
            threshold = dice.choice(changes if condition.startswith("change") else prices)
            rule: dict[str, Any] = {"symbol": symbol, "condition": condition, "threshold": str(threshold)}
            rule["rearm"] = dice.choice(["0.0001", "0.001", "0.01"])
            if condition in ("enters", "leaves"):
                rule["upper"] = str(threshold * Decimal("1.0005"))
            if condition == "moved":
                rule |= {"threshold": dice.choice(["0.02", "0.05", "0.1"]), "window_seconds": dice.choice([2, 10])}
            made.append(rule | VARIETIES[number % len(VARIETIES)])
    return made


async def survive(
    url: str,
    redis: RedisServer,
    folder: Path,
    *,
    frames: Sequence[Frame],
    rules: Sequence[dict[str, Any]],
    points: Sequence[int],
    per_second: int = 400,
    env: dict[str, str] | None = None,
) -> None:
    async with town(
        url, redis, folder, rules=rules, frames=frames, per_second=per_second, seed=len(points), more=env or {}
    ) as there:
        wanted = expected(there.rules, quotes_of(frames, "replay"))
        await there.kill_both_at(points)
        await there.ended(wanted)
        names, said = there.names(), there.feed.stderr + there.sender.stderr
        delivered = Counter(received.id.rpartition(":")[0] for received in there.receiver.received)

    print(f"{len(points)} kills of each, {len(wanted)} crossings of {len(frames)} ticks,")
    print(f"{there.script.connections} connections, {sum(delivered.values()) - len(delivered)} delivered twice")
    assert there.script.connections > len(points)
    assert len(names) == len(set(names))
    assert set(names) == wanted
    assert delivered.keys() == wanted
    assert "Traceback" not in said


def spread(frames: Sequence[Frame], kills: int, seed: int) -> list[int]:
    return random.Random(seed).sample(range(len(frames) // 50, len(frames)), kills)


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'db.sqlite3'}"


@pytest.mark.timeout(300)  # a process that starts on a busy machine takes several seconds
@pytest.mark.parametrize("database", ["sqlite", "postgres_url"])
async def test_what_is_killed_five_times_misses_no_crossing(
    database: str, tmp_path: Path, redis_server: RedisServer, request: pytest.FixtureRequest
) -> None:
    frames = walk(5, 1_500)
    points, url = spread(frames, 5, 5), request.getfixturevalue(database)
    await survive(url, redis_server, tmp_path, frames=frames, rules=walk_rules(), points=points)


@pytest.mark.timeout(300)
async def test_killed_in_a_millisecond_of_735_trades_it_misses_none(
    tmp_path: Path, redis_server: RedisServer, sqlite: str
) -> None:
    frames = recorded()
    rules, burst = recorded_rules(frames, 6), busiest(frames)
    begin = max(0, burst[0] - 1_000)
    some = frames[begin : burst[-1] + 1_000]
    points = [number - begin for number in random.Random(6).sample(burst, 5)]
    env = {"PRICE_SOURCE": "replay", "FEED_STREAMS": "recorded"}
    await survive(sqlite, redis_server, tmp_path, frames=some, rules=rules, points=points, env=env)


def busiest(frames: Sequence[Frame]) -> list[int]:
    """The places of the trades that the exchange made in one millisecond, which it took several to say."""
    made = [json.loads(frame.text)["data"].get("T") for frame in frames]
    (when, count), *_ = Counter(filter(None, made)).most_common(1)
    assert count == 735
    return [number for number, time_ms in enumerate(made) if time_ms == when]


@pytest.mark.soak
@pytest.mark.parametrize("database", ["sqlite", "postgres_url"])
async def test_what_is_killed_fifty_times_misses_no_crossing(
    database: str, tmp_path: Path, redis_server: RedisServer, request: pytest.FixtureRequest
) -> None:
    frames = walk(50, 20_000)
    points, url = spread(frames, 50, 50), request.getfixturevalue(database)
    await survive(url, redis_server, tmp_path, frames=frames, rules=walk_rules(), points=points)


@pytest.mark.soak
@pytest.mark.parametrize("database", ["sqlite", "postgres_url"])
async def test_killed_fifty_times_in_the_recording_it_misses_no_crossing(
    database: str, tmp_path: Path, redis_server: RedisServer, request: pytest.FixtureRequest
) -> None:
    frames = recorded()
    points = spread(frames, 40, 51) + random.Random(52).sample(busiest(frames), 10)
    env, url = {"PRICE_SOURCE": "replay", "FEED_STREAMS": "recorded"}, request.getfixturevalue(database)
    rules = recorded_rules(frames, 7)
    await survive(url, redis_server, tmp_path, frames=frames, rules=rules, points=points, per_second=800, env=env)
