"""A feed that records: what it heard is on the disk, and gives the same prices when it is played again."""

import gzip
from pathlib import Path

import orjson

from market.core.messages import LIVE, PriceBatch
from market.exchanges import recorded
from market.exchanges.recorder import RecordPace, RecordTo
from market.feed_options import FeedOptions
from market.rerun import Rerun
from market.simulator import Recording, Simulator
from tests.feed.conftest import RunFeed
from tests.support.exchange import until
from tests.support.feed_process import feed_process
from tests.support.listener import Listener
from tests.support.services import RedisServer

PACE = RecordPace(write=0.02, stop=5.0)
NOWHERE = ("ws://127.0.0.1:1", "http://127.0.0.1:1")


def recording_to(folder: Path) -> RecordTo:
    return RecordTo(folder, pace=PACE)


async def rerun(folder: Path, symbols: list[str]) -> list[PriceBatch]:
    frames = list(recorded.received(folder))
    batches: list[PriceBatch] = []
    playing = Rerun(FeedOptions(*NOWHERE, "simulator"), symbols, on_batch=batches.append, begin_ns=frames[0].at_ns)
    for frame in frames:
        await playing.take(frame)
    await playing.finish()
    return batches


def newest(batches: list[PriceBatch]) -> dict[str, dict[str, str]]:
    return {quote.symbol: dict(quote.numbers) for batch in batches for quote in batch.quotes}


async def test_what_was_recorded_gives_the_prices_that_were_published(
    run_feed: RunFeed, exchange: Simulator, watched: list[str], tmp_path: Path
) -> None:
    async with Listener() as listener, run_feed(exchange, record=recording_to(tmp_path)) as feed:
        await listener.until(lambda heard: len(heard.batches) > 10 and set(heard.quotes) == set(watched))
        exchange.trading.rate = 0
        await until(lambda: feed.flusher.due_in(0) is None)
        received = feed.counters["received"]
        published = {symbol: dict(quote.numbers) for symbol, quote in listener.quotes.items()}

    first, second = await rerun(tmp_path, watched), await rerun(tmp_path, watched)

    assert len(list(recorded.received(tmp_path))) == received
    assert feed.counters["unrecorded"] == 0
    assert newest(first) == published
    assert [orjson.dumps(batch.payload()) for batch in first] == [orjson.dumps(batch.payload()) for batch in second]


async def test_a_recorder_without_a_disk_stops_no_price(run_feed: RunFeed, exchange: Simulator, tmp_path: Path) -> None:
    obstacle = tmp_path / "in-the-way"
    obstacle.write_text("a file")

    async with Listener() as listener, run_feed(exchange, record=recording_to(obstacle)) as feed:
        await listener.until(lambda heard: heard.feed == LIVE and len(heard.batches) > 5)
        await until(lambda: feed.counters["unrecorded"] > 5)
        await listener.until(lambda heard: heard.statuses[-1].counters["unrecorded"] > 5)


async def test_another_exchange_plays_what_was_recorded(run_feed: RunFeed, exchange: Simulator, tmp_path: Path) -> None:
    async with Listener() as listener, run_feed(exchange, record=recording_to(tmp_path)):
        await listener.until(lambda heard: len(heard.batches) > 10)
    recording = Recording(tmp_path)

    async with (
        Listener() as listener,
        Simulator(replay=recording, speed=5, loop=True) as again,
        run_feed(again, source="replay", mode="recorded") as feed,
    ):
        played = again.replay
        assert played is not None
        await until(lambda: played.played > 3 * recording.contents.messages)
        await listener.until(lambda heard: len(heard.batches) > 10)

        assert set(listener.quotes) == set(recording.symbols())
        assert {quote.source for quote in listener.quotes.values()} == {"replay"}
        # The rounds go on as the market did: nothing is taken for old news, no connection ends.
        assert (feed.counters["older"], feed.counters["bad"], feed.counters["reconnects"]) == (0, 0, 0)
        assert listener.gaps == 0


async def test_runfeed_ends_its_recording_when_it_is_stopped(
    redis_server: RedisServer, exchange: Simulator, tmp_path: Path
) -> None:
    folder = tmp_path / "recorded"
    arguments = ("--record", str(folder), "--record-total", "8", "--record-file", "2")
    async with feed_process(redis_server, exchange, tmp_path, *arguments) as process:
        await until(lambda: folder.is_dir() and len(list(recorded.received(folder))) > 20, deadline=30)
        process.stop()

    (file,) = folder.iterdir()
    text = gzip.decompress(file.read_bytes())  # raises where the file was not ended
    assert all(orjson.loads(line) for line in text.splitlines())
    assert b'"event":"connect"' in text
    assert process.process.returncode == 0
