"""What is recorded is what came, byte for byte; and whatever the disk does, whoever records does not wait."""

import asyncio
import gzip
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from resource import RLIMIT_FSIZE, getrlimit, setrlimit

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.exchanges import recorded
from market.exchanges.record_files import RecordFiles, Room
from market.exchanges.recorder import LINES, Recorder, RecordPace, RecordTo
from tests.support.batches import Clock
from tests.support.exchange import until
from tests.support.frames import ticker
from tests.support.services import CHECKOUT, wait_until

PACE = RecordPace(write=0.01, retry=0.02, longest=0.05, stop=5.0)
WALL_NS = 1_768_046_400_000_000_000
# Spacing and key order are odd on purpose: whoever decodes and encodes again is found out.
ODD = b'{"stream":"btcusdt@trade","data":{"E" : 1,"p":"61837.6300",  "s":"BTCUSDT"}}'


ROOM = Room()


def recorder(folder: Path, *, room: Room = ROOM, pace: RecordPace = PACE, files: RecordFiles | None = None) -> Recorder:
    return Recorder(RecordTo(folder, room, pace), name="binance", files=files)


async def until_written(writing: Recorder, frames: int) -> None:
    await until(lambda: writing.written == frames)


def frames_in(path: Path) -> list[bytes]:
    return [each.frame for each in recorded.received(path)]


def events_in(path: Path) -> list[dict[str, object]]:
    return [each for each in map(orjson.loads, recorded.lines(path)) if "event" in each]


async def test_frames_are_kept_byte_for_byte_with_their_times(tmp_path: Path) -> None:
    clock = Clock()
    writing = Recorder(RecordTo(tmp_path, pace=PACE), name="binance", clock=clock, wall_ns=lambda: WALL_NS)
    async with writing:
        writing.connected("ws://exchange/stream?streams=btcusdt@trade", clock())
        writing.sent('{"method":"SUBSCRIBE","id":1}', clock())
        writing.frame(ODD, clock() + 0.25)
        writing.frame(ticker().encode(), clock() + 0.5)
        writing.ended("the connection was lost", clock() + 1)

    (file,) = tmp_path.iterdir()
    assert file.name == "binance-20260110T120000Z-0000.jsonl.gz"
    assert gzip.decompress(file.read_bytes()).splitlines()[2] == b'{"recv_ns":%d,"msg":%b}' % (
        WALL_NS + 250_000_000,
        ODD,
    )
    assert [each.at_ns - WALL_NS for each in recorded.received(tmp_path)] == [250_000_000, 500_000_000]
    assert frames_in(tmp_path) == [ODD, ticker().encode()]
    assert [event["event"] for event in events_in(tmp_path)] == ["connect", "client_sent", "disconnect"]
    assert events_in(tmp_path)[1]["msg"] == {"method": "SUBSCRIBE", "id": 1}
    assert (writing.written, writing.lost) == (2, 0)


@settings(max_examples=30)
@given(st.lists(st.one_of(st.binary(max_size=60), st.just(ODD), st.just(b'{"a":\n1}')), max_size=3 * LINES))
def test_any_bytes_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, frames: list[bytes]) -> None:
    folder = tmp_path_factory.mktemp("recorded")

    async def record() -> None:
        async with recorder(folder) as writing:
            for frame in frames:
                writing.frame(frame, 1.0)

    asyncio.run(record())

    assert frames_in(folder) == frames
    assert all(json.loads(line) for line in recorded.lines(folder))


async def test_files_are_rotated_and_the_oldest_give_way(tmp_path: Path) -> None:
    foreign = tmp_path / "notes.txt"
    foreign.write_text("mine")
    other = tmp_path / "2024-holidays.jsonl.gz"
    other.write_bytes(gzip.compress(b""))
    room = Room(file=20_000, total=100_000)
    blocks = 0
    async with recorder(tmp_path, room=room) as writing:
        while blocks < 30:
            for _ in range(40):
                writing.frame(b'{"x":"%b"}' % os.urandom(100).hex().encode(), time.monotonic())
            blocks += 1
            await until_written(writing, blocks * 40)

    ours = sorted(tmp_path.glob("binance-*"))
    numbers = [file.stat().st_size for file in ours]
    assert len(ours) >= 4
    assert 40_000 < sum(numbers) <= room.total
    assert all(20_000 <= size < 40_000 for size in numbers[:-1])
    assert foreign.read_text() == "mine"
    assert other.exists()
    assert writing.lost == 0


async def test_a_file_lasts_no_longer_than_allowed(tmp_path: Path) -> None:
    async with recorder(tmp_path, room=Room(seconds=0.05)) as writing:
        writing.connected("ws://exchange", time.monotonic())
        for number in range(1, 4):
            writing.frame(ODD, time.monotonic())
            await until_written(writing, number)
            await asyncio.sleep(0.06)

    files = sorted(tmp_path.iterdir())
    assert len(files) == 3
    assert frames_in(tmp_path) == [ODD] * 3
    # Each file says where its frames come from.
    assert [(event["event"], event["url"]) for file in files for event in events_in(file)] == [
        ("connect", "ws://exchange")
    ] * 3


KILLED = """
import asyncio, sys, time
from pathlib import Path
from market.exchanges.recorder import Recorder, RecordPace, RecordTo

async def record():
    pace = RecordPace(write=0.02)
    async with Recorder(RecordTo(Path(sys.argv[1]), pace=pace), name="binance") as recorder:
        number = 0
        while True:
            for _ in range(100):
                number += 1
                recorder.frame(b'{"number":%d}' % number, time.monotonic())
            await asyncio.sleep(0.005)
            print(recorder.written, flush=True)

asyncio.run(record())
"""


def test_a_kill_in_the_middle_leaves_all_that_was_flushed(tmp_path: Path) -> None:
    folder = tmp_path / "recorded"
    told = tmp_path / "told"
    with told.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(folder)], cwd=CHECKOUT, stdout=output)
    try:
        wait_until(lambda: told.stat().st_size > 0 and int(told.read_text().split()[-1]) > 3000, what="some blocks")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()

    flushed = int(told.read_text().rpartition("\n")[0].split()[-1])
    numbers = [orjson.loads(frame)["number"] for frame in frames_in(folder)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= flushed > 3000
    # The usual program reads it too, and says at the end that it was cut off.
    (file,) = folder.iterdir()
    unzipped = subprocess.run(["gzip", "-dc", str(file)], capture_output=True, check=False).stdout
    assert unzipped.count(b"\n") == len(numbers)


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """As a disk that is full: the kernel refuses to write more."""
    before = getrlimit(RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    setrlimit(RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        setrlimit(RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


async def test_a_full_disk_is_said_once_and_marked_as_a_gap(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    folder = tmp_path / "recorded"
    sent = 0
    async with recorder(folder) as writing:

        def send(count: int) -> None:
            nonlocal sent
            for _ in range(count):
                sent += 1
                noise = os.urandom(50).hex().encode()
                writing.frame(b'{"number":%d,"noise":"%b"}' % (sent, noise), time.monotonic())

        send(10)
        await until_written(writing, 10)
        with files_no_larger_than(4096):
            send(500)
            await until(lambda: writing.lost >= 500)
            send(5)
            await until(lambda: writing.lost + writing.written == sent)
        lost = writing.lost
        await until(lambda: "recorded again" in caplog.text)
        send(10)
        await until_written(writing, sent - lost)

    numbers = [orjson.loads(frame)["number"] for frame in frames_in(folder)]
    (gap,) = [event for event in events_in(folder) if event["event"] == "gap"]
    assert numbers[:10] == list(range(1, 11))
    assert numbers[-10:] == list(range(sent - 9, sent + 1))
    assert len(numbers) == writing.written
    assert gap["lost"] == lost == sent - len(numbers)
    assert gap["reason"] == "File too large"
    assert caplog.text.count("cannot be recorded to") == caplog.text.count("recorded again") == 1


async def test_a_folder_that_cannot_be_made_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    obstacle = tmp_path / "recorded"
    obstacle.write_text("in the way")
    async with recorder(obstacle) as writing:
        await until(lambda: "cannot be recorded to" in caplog.text)
        for _ in range(3):
            writing.frame(ODD, time.monotonic())
            await asyncio.sleep(0.03)
        await until(lambda: writing.lost == 3)
        obstacle.unlink()
        await until(lambda: "recorded again, 3 frames were lost" in caplog.text)
        writing.frame(ODD, time.monotonic())

    assert frames_in(obstacle) == [ODD]
    assert events_in(obstacle)[0]["lost"] == 3
    assert caplog.text.count("cannot be recorded to") == 1


class _SlowFiles(RecordFiles):
    """A disk that takes nothing until it is told to."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "binance", Room())
        self.goes_on = threading.Event()
        self.asked = threading.Event()

    def write(self, text: bytes) -> None:
        self.asked.set()
        assert self.goes_on.wait(30)
        super().write(text)


async def test_a_slow_disk_costs_frames_and_not_time(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    files = _SlowFiles(tmp_path)
    async with recorder(tmp_path, pace=replace(PACE, queue=100 * len(ODD)), files=files) as writing:
        writing.frame(ODD, time.monotonic())
        await until(files.asked.is_set)
        began = time.monotonic()
        for _ in range(5000):
            writing.frame(ODD, time.monotonic())
        took = time.monotonic() - began
        lost = writing.lost
        files.goes_on.set()
        await until(lambda: writing.written + lost == 5001)
        writing.frame(ODD, time.monotonic())

    assert took < 1.0
    assert 4850 < lost < 4950
    assert len(frames_in(tmp_path)) == 5002 - lost == writing.written
    assert [event["lost"] for event in events_in(tmp_path)] == [lost]
    assert caplog.text.count("frames are left out") == 1


async def test_a_disk_that_hangs_does_not_keep_the_feed_from_ending(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = _SlowFiles(tmp_path)
    began = time.monotonic()
    async with recorder(tmp_path, pace=replace(PACE, stop=0.2), files=files) as writing:
        writing.frame(ODD, time.monotonic())
        await until(files.asked.is_set)
    assert time.monotonic() - began < 5
    files.goes_on.set()

    assert "the end of the recording is lost" in caplog.text


async def test_two_recorders_in_one_folder_do_not_overwrite_each_other(tmp_path: Path) -> None:
    async with recorder(tmp_path) as one, recorder(tmp_path) as other:
        one.frame(b'{"from":1}', time.monotonic())
        other.frame(b'{"from":2}', time.monotonic())

    assert sorted(frames_in(tmp_path)) == [b'{"from":1}', b'{"from":2}']
