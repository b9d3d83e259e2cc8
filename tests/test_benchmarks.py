"""The load generator counts what arrives: nothing lost at the boundaries of reads, nothing counted twice."""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks import cores, native
from benchmarks.contestants import named
from benchmarks.lane import Lane
from benchmarks.readers import Count, Readers
from benchmarks.stage import Stage
from market.core.wire import time_text

PATIENCE = 20.0
QUOTE = b'{"symbol":"BTCUSDT","quote_volume_24h":%d}'
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
WEBSOCKET_HEAD = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: " + ACCEPT + b"\r\n\r\n"
)
SSE_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def stamp() -> int:
    return time.monotonic_ns() // 1000 * 1024


def frame(payload: bytes, first: int = 0x81) -> bytes:
    size = bytes([len(payload)]) if len(payload) < 126 else b"\x7e" + len(payload).to_bytes(2, "big")
    return bytes([first]) + size + payload


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    if not shutil.which("gcc") and not os.environ.get("REQUIRE_SERVICES"):
        pytest.skip("no gcc: the load generator cannot be compiled")
    folder: Path = tmp_path_factory.mktemp("bench")
    stage = Stage(folder, native.build(folder), cores.choose(), clients=10)
    yield stage
    stage.close()


@asynccontextmanager
async def byte_by_byte_server(head: bytes, body: Callable[[], bytes]) -> AsyncIterator[int]:
    """Answers every request with head and body, a few bytes to a packet; its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        answer = head + body()
        for at in range(0, len(answer), 7):
            writer.write(answer[at : at + 7])
            await asyncio.sleep(0.001)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def count_of(stage: Stage, *, port: int, sse: bool, alerts: bool = False) -> Count:
    """What two clients counted once each had two updates."""
    readers = Readers(stage, port=port, paths=["/"], clients=2, sse=sse, ready_updates=2, alerts=alerts)
    try:
        await asyncio.to_thread(readers.connect)
        return await asyncio.to_thread(readers.count)
    finally:
        await asyncio.to_thread(stage.stop, readers.program)


class TestReaders:
    async def test_count_frames_cut_anywhere(self, stage: Stage) -> None:
        def body() -> bytes:
            quote, ping = QUOTE % stamp(), frame(b"", 0x89)
            fragments = frame(quote[:9], 0x01) + ping + frame(quote[9:], 0x80)
            return frame(b'{"type":"connected"}') + frame(quote + b" " * 200) + fragments

        async with byte_by_byte_server(WEBSOCKET_HEAD, body) as port:
            count = await count_of(stage, port=port, sse=False)

        assert (count.open, count.messages, count.updates) == (2, 4, 4)
        assert 0 < count.p99_ms < PATIENCE * 1000

    async def test_count_events_across_chunks_and_with_either_line_end(self, stage: Stage) -> None:
        def body() -> bytes:
            data = b"event: price\ndata: %b\n\n" % (QUOTE % stamp())
            other_end = data.replace(b"\n", b"\r\n")
            return chunk(b": hello\n\n") + chunk(data[:20]) + chunk(data[20:] + other_end[:-1]) + chunk(b"\n")

        async with byte_by_byte_server(SSE_HEAD, body) as port:
            count = await count_of(stage, port=port, sse=True)

        assert (count.open, count.messages, count.updates) == (2, 4, 4)

    async def test_count_alerts_and_how_old_their_ticks_are(self, stage: Stage) -> None:
        def body() -> bytes:
            tick = datetime.now(UTC) - timedelta(seconds=40)
            moment = time_text(round(tick.timestamp() * 1000)).encode()
            fields = b'"kind":"price","text":"BTCUSDT","timestamp":"%b"' % moment
            alert = b'{"type":"alert","alert":{%b},"timestamp":"2026-01-10T07:15:00.123Z"}' % fields
            return frame(QUOTE % stamp()) + 2 * frame(alert)

        async with byte_by_byte_server(WEBSOCKET_HEAD, body) as port:
            count = await count_of(stage, port=port, sse=False, alerts=True)

        assert (count.open, count.messages, count.updates) == (2, 4, 4)
        assert 39_900 < count.p50_ms < (40 + PATIENCE) * 1000


class TestLimit:
    def test_every_burst_of_the_exchange_reaches_every_client_once(self, stage: Stage) -> None:
        lane = Lane(stage, named("limit"), symbols=["BTCUSDT"])
        try:
            readers = lane.readers(clients=10)
            lane.connect(readers)
            readers.reset()
            before = lane.exchange.program.ask("report")["sent"]
            lane.exchange.send_at(100)
            sent = sent_after(lane, at_least=20 + before) - before
            count = count_when(readers, messages=10 * sent)
        finally:
            lane.close()

        assert (count.open, count.messages, count.updates) == (10, 10 * sent, 10 * sent)
        assert count.p50_ms < 1000

    def test_a_closed_loop_sends_what_arrives(self, stage: Stage) -> None:
        lane = Lane(stage, named("limit"), symbols=["BTCUSDT"])
        try:
            readers = lane.readers(clients=10)
            lane.connect(readers)
            result = lane.saturate(readers, 0.2)
        finally:
            lane.close()

        assert result.count.messages_per_second > 1000
        assert result.count.age_ms < 1000


def sent_after(lane: Lane, *, at_least: int) -> int:
    """How many bursts were sent when the exchange was stopped, at_least or more."""
    deadline = time.monotonic() + PATIENCE
    while (sent := int(lane.exchange.program.ask("report")["sent"])) < at_least:
        assert time.monotonic() < deadline, f"{sent} bursts only"
    lane.rest()
    return int(lane.exchange.program.ask("report")["sent"])


def count_when(readers: Readers, *, messages: int) -> Count:
    deadline = time.monotonic() + PATIENCE
    while (count := readers.count()).messages < messages:
        assert time.monotonic() < deadline, f"{count.messages} of {messages} messages only"
    return count
