"""Fault 14: frames no exchange should send. Each is counted, and none costs the connection or the next price."""

import json
import time
from random import Random

import pytest

from market.simulator import Faults, Simulator
from market.simulator.malformed import MALFORMED
from tests.support.exchange import Listener, ScriptedExchange, Send, until
from tests.support.frames import combined, ticker, ticker_fields, trade

NEXT_PRICE_WITHIN = 0.1  # seconds after the last bad frame
JUNK: list[object] = [
    None,
    True,
    -5,
    1.5,
    10**30,
    "",
    "NaN",
    "Infinity",
    "-Infinity",
    "1e5",
    "١ ١",
    "x" * 1000,
    {},
    [[]],
    {"e": 1},
]


def bad_frames(count: int, random: Random) -> list[str | bytes]:
    return [bad_frame(random) for _ in range(count)]


def bad_frame(random: Random) -> str | bytes:
    kind = random.randrange(6)
    if kind == 0:
        return random.randbytes(random.randrange(200))
    if kind == 1:
        return ticker()[: random.randrange(1, 100)]  # torn
    if kind == 2:
        return combined("btcusdt@ticker", random.choice(JUNK))
    fields = ticker_fields()
    key = random.choice(["E", "s", "c", "P", "o", "h", "l", "v", "q", "b", "a", "L"])
    if kind == 3:
        del fields[key]
    elif kind == 4:
        fields["e"] = random.choice(["kline", "depthUpdate", "surprise", 7, []])
    else:
        fields[key] = random.choice([junk for junk in JUNK if junk != ""])
    return json.dumps(combined("btcusdt@ticker", fields) if random.random() < 0.1 else fields)


async def test_ten_thousand_bad_frames_are_counted_and_the_next_price_is_there_at_once() -> None:
    frames = bad_frames(10_000, Random(14))
    async with ScriptedExchange([Send(ticker())]) as exchange, Listener(exchange.url) as listener:
        listener.want("BTCUSDT")
        await until(lambda: listener.ticks)
        await exchange.send(*frames)
        await until(lambda: listener.stream.bad == len(frames))
        sent = time.monotonic()
        await exchange.send(ticker(at=1000, price="101", trade=2000))
        await until(lambda: listener.price("BTCUSDT") == "101")

        assert time.monotonic() - sent <= NEXT_PRICE_WITHIN
        assert len(listener.ticks) == 2
        assert len(exchange.connects) == 1


@pytest.mark.parametrize("kind", sorted(MALFORMED))
async def test_each_kind_on_the_menu_leaves_the_connection_alone(kind: str) -> None:
    """Also 2 MiB in one frame, binary frames and text that is not UTF-8."""
    async with (
        Simulator(seed=1, symbols=("BTCUSDT",), rate=20) as exchange,
        Listener(exchange.stream_url) as listener,
    ):
        listener.want("BTCUSDT")
        await until(lambda: listener.ticks)
        exchange.malform(kind)
        await until(lambda: listener.stream.bad == 1)
        seen = len(listener.ticks)
        await until(lambda: len(listener.ticks) > seen)

        assert len(exchange.connects) == 1


async def test_bad_frames_between_good_ones_cost_no_price() -> None:
    async with (
        Simulator(seed=1, symbols=("BTCUSDT",), rate=50, faults=Faults(malformed="all")) as exchange,
        Listener(exchange.stream_url) as listener,
    ):
        listener.want("BTCUSDT")
        await until(lambda: len(listener.quotes) > 30 and listener.stream.bad > 30)

        assert len(exchange.connects) == 1


async def test_a_trade_with_a_number_of_any_length_is_refused() -> None:
    async with (
        ScriptedExchange([Send(trade(number=5))]) as exchange,
        Listener(exchange.url, mode="recorded") as listener,
    ):
        listener.want("BTCUSDT")
        await until(lambda: listener.ticks)
        await exchange.send(trade(number=6, price="1" * 12), trade(number=2**63))
        await exchange.send(trade(number=7).replace("100.00000000", "9" * 4000), trade(number=8, price="102"))
        await until(lambda: listener.price("BTCUSDT") == "102")

        assert listener.stream.bad == 2
