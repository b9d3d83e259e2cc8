"""Five million candles in a database: reading a chart, storing the minute of all symbols, and prices meanwhile.

python -m benchmarks.candle_store     prints {"build_seconds": S, "read_ms": MS, "write_ms": MS, "ratio": R, ...}

DATABASE_URL says which database; it must be empty. What is stored is made up: five symbols with 500 days of minutes,
500 with the last day, and the longer candles of both.
"""

import asyncio
import contextlib
import functools
import json
import os
import random
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Callable, Iterator
from decimal import Decimal
from statistics import median
from typing import Any

import django

DAY_MS, MINUTE_MS = 86_400_000, 60_000
MIDNIGHT = 1_795_132_800_000  # 2026-11-20
LONG, LONG_DAYS, SHORT = 5, 500, 500
LENGTHS = {"1m": 1, "5m": 5, "15m": 15, "1h": 60, "4h": 240, "1d": 1440}
READS = 15
WRITES = 9  # the first of them closes the day
ROUNDS, ROUND_SECONDS = 6, 10.0
FRAMES_PER_SECOND = 1000
EXCHANGE, SOURCE = "binance", "simulator"
AT_ONCE = 50_000

Row = tuple[Any, ...]


def opens(length: str, days: int, *, open_minutes: int = 0) -> Iterator[int]:
    """When the candles of the last days up to midnight open, but for those of the last minutes."""
    step = LENGTHS[length] * MINUTE_MS
    end = MIDNIGHT - open_minutes * MINUTE_MS
    return (at for at in range(MIDNIGHT - days * DAY_MS, MIDNIGHT, step) if at + step <= end)


def rows() -> Iterator[Row]:
    """In the order of the index. Numbers of 13 digits and more, from a pool."""
    chance = random.Random(1)
    pool = [_numbers(chance) for _ in range(4096)]
    for series in range(1, LONG + SHORT + 1):
        days, still_open = (LONG_DAYS, 0) if series <= LONG else (1, 1)
        for length in sorted(LENGTHS):
            for number, at in enumerate(opens(length, days, open_minutes=still_open)):
                yield (series, length, at, *pool[(number * 31 + series) % 4096], 1234, LENGTHS[length])


def _numbers(chance: random.Random) -> tuple[str, ...]:
    """Open, high, low, close, volume, quote volume."""
    low, opened, close, high = sorted(f"9{chance.randrange(10**12, 10**13)}" for _ in range(4))
    prices = [f"{digits[:5]}.{digits[5:13]}" for digits in (opened, high, low, close)]
    return (*prices, f"{chance.randrange(10**10)}.12345678", f"{chance.randrange(10**12)}.123456789012")


def build() -> int:
    """All rows; how many."""
    from django.core.management import call_command
    from django.db import connection

    from market.models import CandleSeries

    call_command("migrate", interactive=False, verbosity=0)
    names = [f"LONG{number}USDT" for number in range(LONG)] + [f"SHORT{number}USDT" for number in range(SHORT)]
    CandleSeries.objects.bulk_create(
        CandleSeries(pk=number, exchange=EXCHANGE, symbol=name, source=SOURCE)
        for number, name in enumerate(names, start=1)
    )
    copy = _copy_sqlite if connection.vendor == "sqlite" else _copy_postgres
    copy(rows())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute("SELECT COUNT(*) FROM market_candle")
        return int(cursor.fetchone()[0])


COLUMNS = 'series_id, "interval", open_time, open, high, low, close, volume, quote_volume, trades, minutes'


def _copy_sqlite(source: Iterator[Row]) -> None:
    from django.db import connection, transaction

    places = ", ".join("?" * 11)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.cursor.connection.executemany(f"INSERT INTO market_candle ({COLUMNS}) VALUES ({places})", source)


def _copy_postgres(source: Iterator[Row]) -> None:
    from django.db import connection, transaction

    with (
        transaction.atomic(),
        connection.cursor() as cursor,
        cursor.cursor.copy(f"COPY market_candle ({COLUMNS}) FROM STDIN") as copy,
    ):
        for row in source:
            copy.write_row(row)


def read_ms() -> dict[str, float]:
    """Of each interval the median of reading 500 candles of several symbols, newest and older ones."""
    from market import history
    from market.core.interval import Interval

    found = {}
    for interval in Interval:
        spans = []
        for number in range(READS):
            end = None if number % 3 == 0 or interval is Interval.D1 else MIDNIGHT - number * DAY_MS
            began = time.perf_counter()
            symbol = f"LONG{number % LONG}USDT"
            read = history.read(EXCHANGE, symbol, SOURCE, interval, start_ms=None, end_ms=end, limit=500)
            spans.append(time.perf_counter() - began)
            assert len(read.candles) == 500, f"{len(read.candles)} candles of {interval}"
        found[interval.value] = 1000 * median(spans)
    return found


def closing(number: int) -> dict[tuple[str, str], list[Any]]:
    """The minute of every symbol; the first of them is the last of its day, of which all longer candles follow."""
    from market.core.candle import Candle

    at = MIDNIGHT + (number - 1) * MINUTE_MS
    one = Decimal("91234.12345678")
    candle = Candle(at, one, one + 1, one - 1, one, Decimal("12.345"), Decimal("1126349.8765"), 99)
    return {(EXCHANGE, f"SHORT{each}USDT"): [candle] for each in range(SHORT)}


def write_ms() -> list[float]:
    from market import history

    spans = []
    for number in range(WRITES):
        minutes = closing(number)
        began = time.perf_counter()
        history.write(SOURCE, minutes)
        spans.append(1000 * (time.perf_counter() - began))
    return spans


async def send(writer: asyncio.StreamWriter) -> None:
    """Tickers at an even rate, each with the moment it was due (ns) as its volume."""
    from benchmarks.ingest import frame

    texts = [frame(number) for number in range(2000)]
    number, began = 0, time.monotonic()
    while not writer.is_closing():
        due = int((time.monotonic() - began) * FRAMES_PER_SECOND)
        while number < due:
            stamp = int((began + number / FRAMES_PER_SECOND) * 1e9)
            writer.write(f"{stamp} {texts[number % 2000]}\n".encode())
            number += 1
        try:
            await writer.drain()
        except ConnectionError:  # the round is over
            return
        await asyncio.sleep(0.001)


async def p99_ms(port: int, *, write: Callable[[], object] | None) -> float:
    """Of the way from the moment a frame was due to its quote, in a round; `write` once in it, in the feed's thread."""
    from market.candle_writer import in_thread
    from market.core.conflate import Conflator
    from market.core.merge import Merger
    from market.core.wire import WireQuote
    from market.exchanges import EXCHANGES

    read, merger, conflator = EXCHANGES["binance"].read, Merger("binance", "simulator"), Conflator(0.0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    end, late, task = time.monotonic() + ROUND_SECONDS, [], None
    while time.monotonic() < end:
        stamp, _, text = (await reader.readline()).partition(b" ")
        heard = read(text)
        assert isinstance(heard, list), heard
        for tick in heard:
            quote = merger.apply(tick)
            if quote is not None:
                conflator.offer(quote)
        for quote in conflator.take(time.monotonic()):
            WireQuote.of(quote).json()
        late.append(time.monotonic() - int(stamp) / 1e9)
        if write is not None and task is None and end - time.monotonic() < ROUND_SECONDS / 2:
            task = asyncio.ensure_future(in_thread(write))
    writer.close()
    if task is not None:
        await task
    late.sort()
    return 1000 * late[int(len(late) * 0.99)]


async def listen(port: int) -> None:
    """A feed of its own: for each line of stdin a round, with the write of minute N for "N" and without for "-"."""
    from market import history

    loop = asyncio.get_running_loop()
    while line := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        minutes = {} if line == "-" else closing(int(line))
        write = None if line == "-" else functools.partial(history.write, SOURCE, minutes)
        print(await p99_ms(port, write=write), flush=True)


async def prices() -> list[tuple[float, float]]:
    """(without, with) of each round: two feeds hear one exchange at the same time, and in turn one of them writes.

    Whatever else the machine does, it does to both.
    """
    async with contextlib.AsyncExitStack() as stack:
        exchange = await _child(stack, "send")
        port = (await _line(exchange)).decode().strip()
        feeds = [await _child(stack, "listen", port) for _ in range(2)]
        found = []
        for number in range(ROUNDS):
            for at, feed in enumerate(feeds):
                assert feed.stdin is not None
                feed.stdin.write(f"{WRITES + number}\n".encode() if at == number % 2 else b"-\n")
            p99s = [float(await _line(feed)) for feed in feeds]
            found.append((p99s[1 - number % 2], p99s[number % 2]))
        return found


async def _child(stack: contextlib.AsyncExitStack, *arguments: str) -> Process:
    pipe = asyncio.subprocess.PIPE
    argv = [sys.executable, "-m", "benchmarks.candle_store", *arguments]
    child = await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=pipe)
    stack.push_async_callback(child.wait)
    stack.callback(child.terminate)
    return child


async def _line(child: Process) -> bytes:
    assert child.stdout is not None
    line = await child.stdout.readline()
    if not line:
        raise RuntimeError("a part of the benchmark ended")
    return line


async def serve() -> None:
    server = await asyncio.start_server(lambda _, writer: send(writer), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def measured() -> dict[str, Any]:
    began = time.monotonic()
    number = build()
    built = time.monotonic() - began
    reads, writes = read_ms(), write_ms()
    pairs = asyncio.run(prices())
    return {
        "rows": number,
        "build_seconds": built,
        "read_ms": max(reads.values()),
        "write_ms": max(writes),
        "ratio": median(beside / without for without, beside in pairs),
        "reads": reads,
        "writes": writes,
        "p99_ms": pairs,
    }


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pricefeed.settings")
    django.setup()
    if sys.argv[1:2] == ["send"]:
        asyncio.run(serve())
    elif sys.argv[1:2] == ["listen"]:
        asyncio.run(listen(int(sys.argv[2])))
    else:
        print(json.dumps(measured()), flush=True)


if __name__ == "__main__":
    main()
