"""The same recording gives the same batches, byte for byte, however it reached the socket."""

import asyncio
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from itertools import islice
from random import Random

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.http11 import Request
from websockets.server import ServerProtocol

from market.core.messages import PriceBatch
from market.exchanges import EXCHANGES, recorded
from market.exchanges.connection import Connection, open_socket
from market.exchanges.recorded import Received
from market.feed_options import FeedOptions
from market.rerun import Rerun
from tests.support.exchange import QUICK
from tests.support.frames import NOON_MS, book, combined, ticker, trade
from tests.support.services import CHECKOUT, recording

BURST = "binance_spot_20240808_btc_eth_burst_10s.jsonl"
LONG = "binance_spot_20240808_btc_eth_trade_bookticker_650s.jsonl.gz"
SYMBOLS = ("BTCUSDT", "ETHUSDT")
NOWHERE = ("ws://127.0.0.1:1", "http://127.0.0.1:1")
REPLAYED = FeedOptions(*NOWHERE, "replay", mode="recorded")
SIMULATED = FeedOptions(*NOWHERE, "simulator", mode="recorded")


def written(batch: PriceBatch) -> bytes:
    """What crosses the channel layer, and what clients are sent of it."""
    texts = "\n".join(quote.json() for quote in batch.quotes)
    return orjson.dumps(batch.payload()) + texts.encode()


async def published(frames: Iterable[Received], options: FeedOptions = REPLAYED) -> list[bytes]:
    batches: list[bytes] = []
    rest = list(frames)
    rerun = Rerun(
        options, SYMBOLS, on_batch=lambda batch: batches.append(written(batch)), begin_ns=rest[0].at_ns if rest else 0
    )
    for each in rest:
        await rerun.take(each)
    await rerun.finish()
    return batches


def digest(batches: Iterable[bytes]) -> str:
    return hashlib.sha256(b"\n".join(batches)).hexdigest()


@st.composite
def traffic(draw: st.DrawFn) -> list[Received]:
    """Frames of three streams of two symbols, some of them older than what came before, some of them nonsense."""
    frames, at_ns = [], NOON_MS * 1_000_000
    for number in range(1, draw(st.integers(1, 40))):
        at_ns += draw(st.sampled_from((0, 1, 40_000, 3_000_000, 99_999_999, 100_000_000, 700_000_000)))
        symbol, place = draw(st.sampled_from(SYMBOLS)), max(1, number - draw(st.integers(0, 3)))
        price, at = f"{draw(st.integers(1, 9))}.5", (at_ns // 1_000_000) - NOON_MS
        text = draw(
            st.sampled_from(
                (
                    trade(symbol, at=at, price=price, number=place),
                    ticker(symbol, at=at, price=price, trade=place),
                    book(symbol, update=place, bid=price),
                    combined(f"{symbol.lower()}@trade", {"e": "trade", "s": symbol}),
                    "nonsense",
                )
            )
        )
        frames.append(Received(at_ns, text.encode()))
    return frames


@given(traffic(), st.sampled_from((REPLAYED, SIMULATED)))
def test_the_same_frames_give_the_same_batches(frames: list[Received], options: FeedOptions) -> None:
    assert asyncio.run(published(frames, options)) == asyncio.run(published(frames, options))


async def test_batches_keep_the_window_by_the_recorded_clock() -> None:
    """The first change leaves at once, what follows within the window as one, when the window is over."""
    batches: list[PriceBatch] = []
    frames = [
        Received((NOON_MS + at) * 1_000_000, trade(at=at, price=str(100 + at), number=1 + at).encode())
        for at in (0, 10, 60, 250, 251, 1000)
    ]
    rerun = Rerun(REPLAYED, SYMBOLS, on_batch=batches.append, begin_ns=frames[0].at_ns)
    for each in frames:
        await rerun.take(each)
    await rerun.finish()

    assert [(batch.sent_ms - NOON_MS, batch.quotes[0].numbers["price"]) for batch in batches] == [
        (0, "100"),
        (100, "160"),
        (250, "350"),
        (350, "351"),
        (1000, "1100"),
    ]
    assert [batch.seq for batch in batches] == [1, 2, 3, 4, 5]
    assert {batch.epoch for batch in batches} == {"replay"}


async def test_a_clock_that_goes_back_stands_still() -> None:
    frames = [Received(moment, trade(price=str(moment), number=moment).encode()) for moment in (500, 100, 900)]

    assert len(await published(frames)) == 2


DIGEST = """
import asyncio, os, sys
import django
django.setup()
from pathlib import Path
from itertools import islice
from market.exchanges import recorded
from tests.feed import test_rerun
frames = islice(recorded.received(Path(sys.argv[1])), 3000)
print(test_rerun.digest(asyncio.run(test_rerun.published(frames))))
"""


def test_neither_the_process_nor_its_seed_nor_its_zone_matters() -> None:
    played = recording(BURST)
    digests = [
        subprocess.run(
            [sys.executable, "-c", DIGEST, str(played)],
            cwd=CHECKOUT,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "DJANGO_SETTINGS_MODULE": "pricefeed.settings"},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for seed, zone in (("1", "UTC"), ("77", "Asia/Shanghai"))
    ]

    assert digests[0] == digests[1]
    assert len(digests[0]) == 64


@pytest.mark.parametrize("options", [REPLAYED, SIMULATED], ids=["replay", "simulator"])
async def test_a_real_recording_gives_the_same_batches_twice(options: FeedOptions) -> None:
    frames = list(islice(recorded.received(recording(LONG)), 20_000))

    first = await published(frames, options)

    assert first == await published(frames, options)
    assert len(first) > 100


def wire(frames: Sequence[bytes], random: Random, protocol: ServerProtocol) -> bytes:
    """The frames as WebSocket bytes, some of them in fragments, and the close."""
    for frame in frames:
        cut = random.randrange(len(frame)) if random.random() < 0.2 else 0
        if cut:
            protocol.send_text(frame[:cut], fin=False)
            protocol.send_continuation(frame[cut:], fin=True)
        else:
            protocol.send_text(frame)
    protocol.send_close(1000)
    return b"".join(protocol.data_to_send())


async def heard(frames: Sequence[bytes], random: Random) -> list[bytes]:
    """What a connection of ours hears of `frames` when they come in chunks of any size."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        protocol = ServerProtocol()
        protocol.receive_data(await reader.readuntil(b"\r\n\r\n"))
        (request,) = protocol.events_received()
        assert isinstance(request, Request)
        protocol.send_response(protocol.accept(request))
        writer.write(b"".join(protocol.data_to_send()))
        rest = wire(frames, random, protocol)
        while rest:
            size = random.choice((1, 2, 7, 100, 1500, 65_536))
            writer.write(rest[:size])
            await writer.drain()
            await asyncio.sleep(0)
            rest = rest[size:]
        await reader.read(100)  # its answer to the close
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        exchange, came = EXCHANGES["binance"], []

        def take(frame: str | bytes, now: float) -> bool:
            assert isinstance(frame, bytes)
            came.append(frame)
            return True

        socket = await open_socket(exchange, exchange.url(f"ws://{host}:{port}", ()), QUICK)
        connection = Connection(exchange, socket, take=take, asked=(), lifetime=3600, pace=QUICK, clock=time.monotonic)
        await connection.run()
    return came


@settings(max_examples=25)
@given(traffic(), st.integers())
def test_how_the_socket_cut_it_does_not_matter(frames: list[Received], seed: int) -> None:
    came = asyncio.run(heard([each.frame for each in frames], Random(seed)))
    received = [Received(each.at_ns, frame) for each, frame in zip(frames, came, strict=True)]

    assert asyncio.run(published(received)) == asyncio.run(published(frames))


async def test_how_the_socket_cut_a_real_recording_does_not_matter() -> None:
    frames = list(islice(recorded.received(recording(BURST)), 1500))

    came = await heard([each.frame for each in frames], Random(7))
    received = [Received(each.at_ns, frame) for each, frame in zip(frames, came, strict=True)]

    assert await published(received) == await published(frames)
