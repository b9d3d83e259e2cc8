"""Fault 12: the exchange accepts every connection and closes it at once."""

import time
from collections.abc import Sequence
from dataclasses import replace

import pytest

from market.exchanges.pace import PACE, Pace
from tests.support.exchange import Close, Cut, Listener, ScriptedExchange, Send, Step, until
from tests.support.frames import ticker

SCALE = 20  # a minute in three seconds
HURRIED = replace(
    PACE,
    min_session=PACE.min_session / SCALE,
    backoff_base=PACE.backoff_base / SCALE,
    backoff_cap=PACE.backoff_cap / SCALE,
    connect_limits=tuple((count, window / SCALE) for count, window in PACE.connect_limits),
    settle=PACE.settle / SCALE,
)
ENDS: dict[str, Sequence[Step]] = {
    "1000": [Close(1000)],
    "1008": [Close(1008, "Too many requests")],
    "4000": [Close(4000, "whatever")],
    "after a price": [Send(ticker()), Close(1000)],
    "no close frame": [Cut()],
}


async def busy_for(end: Sequence[Step], *, minutes: float, scale: int, pace: Pace) -> tuple[list[float], float]:
    """The moments of all connects while it closed them, and the seconds it took to be well after that."""
    async with ScriptedExchange(end) as exchange, Listener(exchange.url, pace=pace) as listener:
        listener.want("BTCUSDT")
        await until(lambda: exchange.connects)
        until_then = exchange.connects[0] + minutes * 60 / scale
        await until(lambda: time.monotonic() >= until_then, deadline=minutes * 60 / scale + 5)
        connects, prices = list(exchange.connects), len(listener.ticks)
        exchange.sessions = [[Send(ticker(at=60_000))]]
        await until(lambda: len(listener.ticks) > prices, deadline=60.0)
        return connects, listener.stream.state.last_frame - until_then


def most_within(window: float, moments: list[float]) -> int:
    return max(sum(start <= moment < start + window for moment in moments) for start in moments)


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
async def test_it_is_not_called_too_often_and_well_soon_after(end: Sequence[Step]) -> None:
    connects, recovery = await busy_for(end, minutes=0.3, scale=SCALE, pace=HURRIED)

    assert 3 <= len(connects) <= 60
    assert recovery <= 10.0 / SCALE + 1.0


@pytest.mark.soak
@pytest.mark.timeout(400)
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
async def test_it_is_not_called_too_often_for_a_minute(end: Sequence[Step]) -> None:
    connects, recovery = await busy_for(end, minutes=1.0, scale=1, pace=PACE)

    assert most_within(60.0, connects) <= 60
    assert recovery <= 10.0


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_it_is_not_called_too_often_for_five_minutes() -> None:
    connects, _ = await busy_for(ENDS["1008"], minutes=5.0, scale=1, pace=PACE)

    assert most_within(60.0, connects) <= 60
    assert most_within(300.0, connects) <= 200
