"""A recording of eleven minutes through the feed, whole, and a recorder that writes for a long time.

RECORD_SECONDS says how long (default 60).
"""

import asyncio
import os
import time
from pathlib import Path

import orjson
import pytest

from market.core.messages import PriceBatch
from market.exchanges import recorded
from market.exchanges.record_files import MEGABYTE, Room
from market.exchanges.recorder import Recorder, RecordTo
from market.feed_options import FeedOptions
from market.rerun import Rerun
from tests.support.feed_process import resident_bytes
from tests.support.frames import ticker
from tests.support.services import recording

pytestmark = pytest.mark.soak

LONG = "binance_spot_20240808_btc_eth_trade_bookticker_650s.jsonl.gz"
SECONDS = float(os.environ.get("RECORD_SECONDS", "60"))
PER_SECOND = 4000
ROOM = Room(file=MEGABYTE, total=8 * MEGABYTE)
GROWTH = 8 * MEGABYTE


async def published(path: Path) -> list[bytes]:
    batches: list[bytes] = []

    def keep(batch: PriceBatch) -> None:
        batches.append(orjson.dumps(batch.payload()))

    rerun: Rerun | None = None
    for frame in recorded.received(path):
        if rerun is None:
            options = FeedOptions("ws://127.0.0.1:1", "http://127.0.0.1:1", "replay", mode="recorded")
            rerun = Rerun(options, ("BTCUSDT", "ETHUSDT"), on_batch=keep, begin_ns=frame.at_ns)
        await rerun.take(frame)
    assert rerun is not None
    await rerun.finish()
    assert rerun.feed.counters["received"] == 166_351
    assert rerun.feed.counters["bad"] == 0
    return batches


async def test_eleven_minutes_give_the_same_batches_twice() -> None:
    first = await published(recording(LONG))

    assert first == await published(recording(LONG))
    assert 3000 < len(first) <= 6510  # at most ten a second


@pytest.mark.timeout(SECONDS + 120)
async def test_a_recorder_stays_within_its_room_and_its_memory(tmp_path: Path) -> None:
    used: list[int] = []
    memory: list[int] = []
    number, began = 0, time.monotonic()
    async with Recorder(RecordTo(tmp_path, ROOM), name="binance") as writing:
        while (passed := time.monotonic() - began) < SECONDS:
            while number < passed * PER_SECOND:
                number += 1
                noise = os.urandom(40).hex()
                writing.frame(ticker(at=number, trade=number, price=f"{number}.5").encode(), time.monotonic())
                writing.frame(b'{"noise":"%b"}' % noise.encode(), time.monotonic())
            used.append(sum(file.stat().st_size for file in tmp_path.iterdir()))
            memory.append(resident_bytes(os.getpid()))
            await asyncio.sleep(0.05)

    third = len(memory) // 3
    assert writing.lost == 0
    assert writing.written == 2 * number
    assert max(used) <= ROOM.total + MEGABYTE  # while a block is written
    assert max(memory[-third:]) - max(memory[third : 2 * third]) < GROWTH
    frames = [frame.frame for frame in recorded.received(tmp_path)]
    newest = [orjson.loads(frame)["data"]["L"] for frame in frames if frame.startswith(b'{"stream"')]
    assert newest == list(range(newest[0], number + 1))  # the oldest are gone, the rest is whole
