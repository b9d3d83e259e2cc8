"""Recordings: what is read from a file, and that it leaves byte for byte under its own stream names."""

import asyncio
import gzip
import json
import time
from decimal import Decimal
from pathlib import Path

import pytest

from market.simulator import Faults, Recording, Simulator
from market.simulator.rounds import Rounds
from tests.simulator.clients import PATIENCE, combined, eventually, raw, received, rest

# Spacing, key order and zeros are odd on purpose: whoever decodes and encodes again is found out.
MESSAGES = (
    b'{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":1,"p":"61837.6300"}}',
    b'{"stream":"btcusdt@bookTicker","data":{ "u":7, "b":"61837.60", "a":"61837.70","B":"1","A":"2"}}',
    b'{"stream":"btcusdt@trade","data":{"E":1723161255400,"e":"trade","s":"BTCUSDT","t":2,"p":"61840.00"}}',
    b'{"stream":"newusdc@trade","data":{"e":"trade","E":1723161255900,"s":"NEWUSDC","t":3,"p":"0.01250000"}}',
)
STREAMS = ("btcusdt@trade", "btcusdt@bookTicker", "newusdc@trade")
PAUSES_MS = (0, 20, 40, 2000)


def nanosecond_lines() -> bytes:
    start = 1_723_161_254_000_000_000
    lines = [
        b'{"recv_ns":%d,"msg":%s}' % (start + pause * 1_000_000, message)
        for pause, message in zip(PAUSES_MS, MESSAGES, strict=True)
    ]
    return b"\n".join(lines) + b"\n"


def second_lines() -> bytes:
    lines = [
        b'{"recv_s":1652459224.5,"event":"connect","url":"wss://stream.binance.com"}',
        b'{"recv_s":1652459224.6,"event":"client_sent","msg":{"method":"SUBSCRIBE"}}',
    ]
    lines += [
        b'{"recv_s":%.3f,"msg":%s}' % (1652459225 + pause / 1000, message)
        for pause, message in zip(PAUSES_MS, MESSAGES, strict=True)
    ]
    return b"\n".join(lines) + b"\n"


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    path = tmp_path / "recorded.jsonl"
    path.write_bytes(nanosecond_lines())
    return Recording(path)


@pytest.mark.parametrize("text", [nanosecond_lines(), second_lines()], ids=["recv_ns", "recv_s"])
@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
def test_reads_both_line_formats_plain_and_compressed(tmp_path: Path, text: bytes, compressed: bool) -> None:
    path = tmp_path / "any-name"
    path.write_bytes(gzip.compress(text) if compressed else text)

    recording = Recording(path)
    records = list(recording.records())

    assert tuple(record.combined for record in records) == MESSAGES
    assert recording.streams() == STREAMS
    assert recording.symbols() == ("BTCUSDT", "NEWUSDC")
    assert recording.contents.seconds == pytest.approx(2.0)
    assert records[1].raw == b'{ "u":7, "b":"61837.60", "a":"61837.70","B":"1","A":"2"}'


def test_lines_without_a_receive_time_are_paced_by_their_event_time(tmp_path: Path) -> None:
    path = tmp_path / "derived.jsonl"
    path.write_bytes(MESSAGES[0] + b"\n" + MESSAGES[3] + b"\n")

    assert [record.at_ns for record in Recording(path).records()] == [
        1_723_161_255_343_000_000,
        1_723_161_255_900_000_000,
    ]


def test_counts_what_it_cannot_play(tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    path.write_bytes(b"\n" + second_lines() + b'{"recv_s":1.5,"msg":{"arg":{"channel":"tickers"}}}\nnonsense\n')

    contents = Recording(path).contents

    assert (contents.messages, contents.skipped) == (4, 5)


def test_refuses_a_file_with_nothing_to_play(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_bytes(b'{"recv_s":1.5,"event":"connect"}\n')

    with pytest.raises(ValueError, match="no recorded message"):
        Simulator(replay=path)


def test_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Simulator(replay=tmp_path / "missing.jsonl")


def test_knows_prices_and_tick_sizes_of_recorded_symbols(recording: Recording) -> None:
    bitcoin, newcomer = recording.instruments()

    assert (bitcoin.price, bitcoin.tick) == (Decimal("61837.63"), Decimal("0.01"))
    assert (newcomer.base, newcomer.quote) == ("NEW", "USDC")
    assert (newcomer.price, newcomer.tick) == (Decimal("0.0125"), Decimal("0.0001"))


async def test_replays_byte_for_byte_in_order(recording: Recording) -> None:
    async with (
        Simulator(replay=recording, speed=0) as exchange,
        combined(exchange, *recording.streams()) as client,
    ):
        texts = [await asyncio.wait_for(client.recv(decode=False), PATIENCE) for _ in MESSAGES]

    assert tuple(texts) == MESSAGES


async def test_raw_connections_get_the_recorded_data_byte_for_byte(recording: Recording) -> None:
    async with (
        Simulator(replay=recording, speed=0) as exchange,
        raw(exchange, "/ws/btcusdt@bookTicker") as client,
    ):
        text = await asyncio.wait_for(client.recv(decode=False), PATIENCE)

    assert text == b'{ "u":7, "b":"61837.60", "a":"61837.70","B":"1","A":"2"}'


async def test_sends_only_what_was_subscribed(recording: Recording) -> None:
    async with (
        Simulator(replay=recording, speed=0) as exchange,
        combined(exchange, "newusdc@trade", "ethusdt@trade") as client,
    ):
        assert (await received(client))["stream"] == "newusdc@trade"
        assert exchange.replay is not None
        await asyncio.wait_for(exchange.replay.finished.wait(), PATIENCE)
        assert exchange.replay.played == len(MESSAGES)


@pytest.mark.parametrize(("speed", "least", "most"), [(0, 0.0, 1.5), (1, 1.9, PATIENCE), (4, 0.45, 1.9)])
async def test_keeps_the_recorded_pace_times_speed(
    recording: Recording, speed: float, least: float, most: float
) -> None:
    async with (
        Simulator(replay=recording, speed=speed) as exchange,
        combined(exchange, *recording.streams()) as client,
    ):
        await received(client)
        first = time.monotonic()
        for _ in MESSAGES[1:]:
            await received(client)
        lasted = time.monotonic() - first

    assert least <= lasted <= most


async def test_waits_for_the_first_subscriber(recording: Recording) -> None:
    async with Simulator(replay=recording, speed=0) as exchange:
        assert exchange.replay is not None
        async with combined(exchange, "ethusdt@trade"):
            await eventually(lambda: bool(exchange.connections))
            assert exchange.replay.played == 0
        async with combined(exchange, *recording.streams()) as client:
            assert (await received(client))["data"]["t"] == 1


async def test_loop_goes_on_with_ids_and_times_that_rise(recording: Recording) -> None:
    async with (
        Simulator(replay=recording, speed=0, loop=True) as exchange,
        combined(exchange, *recording.streams()) as client,
    ):
        texts = [await asyncio.wait_for(client.recv(decode=False), PATIENCE) for _ in 3 * MESSAGES]

    # The recording lasts 2 s, and its newest id is 2 after the oldest: a round is 2001 ms and 2 ids later.
    assert tuple(texts[:4]) == MESSAGES
    assert texts[4] == MESSAGES[0].replace(b"1723161255343", b"1723161257344").replace(b'"t":1', b'"t":3')
    assert texts[5] == MESSAGES[1].replace(b'"u":7', b'"u":9')
    assert texts[8] == MESSAGES[0].replace(b"1723161255343", b"1723161259345").replace(b'"t":1', b'"t":5')


async def test_loop_keeps_the_pace(recording: Recording) -> None:
    async with (
        Simulator(replay=recording, speed=10, loop=True) as exchange,
        combined(exchange, *recording.streams()) as client,
    ):
        await received(client)
        began = time.monotonic()
        for _ in 2 * MESSAGES:
            await received(client)
        lasted = time.monotonic() - began

    assert 0.19 <= lasted <= 2.0


@pytest.mark.parametrize(
    ("stream", "raw", "later"),
    [
        (
            "btcusdt@kline_1m",
            b'{"e":"kline","E":60100,"s":"BTCUSDT","k":{"t":60000,"T":119999,"i":"1m","f":7,"L":9,"o":"1.5","n":3}}',
            b'{"e":"kline","E":120100,"s":"BTCUSDT","k":{"t":120000,"T":179999,"i":"1m","f":8,"L":10,"o":"1.5","n":3}}',
        ),
        (
            "btcusdt@ticker",
            b'{"e":"24hrTicker","E":100,"P":"1.5","c":"5","O":10,"C":99,"F":-1,"L":-1,"n":0}',
            b'{"e":"24hrTicker","E":101,"P":"1.5","c":"5","O":11,"C":100,"F":-1,"L":-1,"n":0}',
        ),
        ("btcusdt@aggTrade", b'{"E":5,"a":3,"p":"1","f":4,"l":6,"T":4}', b'{"E":6,"a":4,"p":"1","f":5,"l":7,"T":5}'),
        ("!miniTicker@arr", b'[{"E":5,"s":"A","c":"1"},{"E":6,"s":"B","c":"2"}]', None),
    ],
)
def test_all_numbers_of_a_message_rise_together(tmp_path: Path, stream: str, raw: bytes, later: bytes | None) -> None:
    file = tmp_path / "one.jsonl"
    file.write_bytes(b'{"recv_ns":1000000,"msg":{"stream":"%b","data":%b}}\n' % (stream.encode(), raw))

    (record,) = Rounds(Recording(file)).records(1)

    assert record.raw == (later or b'[{"E":6,"s":"A","c":"1"},{"E":7,"s":"B","c":"2"}]')
    assert record.combined == b'{"stream":"%b","data":%b}' % (stream.encode(), record.raw)


def test_reads_a_folder_in_the_order_of_its_names(tmp_path: Path) -> None:
    lines = nanosecond_lines().splitlines(keepends=True)
    (tmp_path / "binance-20260110T130000Z-0000.jsonl.gz").write_bytes(gzip.compress(lines[2] + lines[3]))
    (tmp_path / "binance-20260110T120000Z-0000.jsonl.gz").write_bytes(gzip.compress(lines[0] + lines[1])[:-9])
    (tmp_path / "notes.txt").write_text("not a recording")

    recording = Recording(tmp_path)

    assert tuple(record.combined for record in recording.records()) == MESSAGES
    assert recording.contents.skipped == 0


def test_refuses_a_folder_without_a_recording(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no recorded file"):
        Simulator(replay=tmp_path)


async def test_stall_holds_the_recording_and_then_goes_on(recording: Recording) -> None:
    faults = Faults(stall=True)
    async with (
        Simulator(replay=recording, speed=0, faults=faults) as exchange,
        combined(exchange, *recording.streams()) as client,
    ):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.recv(), 0.3)
        faults.stall = False

        assert (await received(client))["data"]["t"] == 1


async def test_rest_answers_for_the_recorded_symbols(recording: Recording) -> None:
    async with Simulator(replay=recording, speed=0) as exchange, rest(exchange) as client:
        before = (await client.get("/api/v3/ticker/price", params={"symbol": "BTCUSDT"})).json()
        info = (await client.get("/api/v3/exchangeInfo")).json()
        async with combined(exchange, *recording.streams()) as subscriber:
            for _ in MESSAGES:
                await received(subscriber)
        day = (await client.get("/api/v3/ticker/24hr", params={"symbol": "BTCUSDT"})).json()
        unknown = await client.get("/api/v3/ticker/price", params={"symbol": "ETHUSDT"})

    assert before["price"] == "61837.63000000"
    assert [entry["symbol"] for entry in info["symbols"]] == ["BTCUSDT", "NEWUSDC"]
    assert (day["lastPrice"], day["lastId"]) == ("61840.00000000", 2)
    assert (day["bidPrice"], day["askPrice"]) == ("61837.60000000", "61837.70000000")
    assert unknown.status_code == 400


async def test_real_recording_arrives_whole_at_full_speed(real_burst: Path) -> None:
    recording = Recording(real_burst)
    expected = [json.loads(line)["msg"] for line in real_burst.read_text().splitlines()]
    async with (
        Simulator(replay=recording, speed=0) as exchange,
        combined(exchange, *recording.streams()) as client,
    ):
        messages = [await received(client) for _ in expected]

    assert set(recording.symbols()) == {"BTCUSDT", "ETHUSDT"}
    assert messages == expected
