"""Faults 9 and 10: readers that stand still or trickle slow down and cost nobody else."""

import contextlib
import time
from collections.abc import Iterator

import pytest
from websockets.sync.client import connect

from tests.support.live import LiveServer
from tests.support.services import wait_until
from tests.support.stuck import StuckReader, resident_kb

PATHS = ("/ws/prices", "/api/sse/prices")
STUCK = 25  # of each kind
DROPPED_WITHIN = 20.0
KB_EACH = 512


@pytest.fixture(scope="module")
def busy() -> Iterator[LiveServer]:
    """Enough prices to fill any buffer within a second or two, and nothing else that takes memory."""
    options = ("--demo", "--simulator-symbols", "200", "--simulator-rate", "10")
    with LiveServer(*options, feed="live", env={"CANDLES": "false"}) as server:
        yield server


def test_stalled_readers_are_dropped_and_others_do_not_notice(busy: LiveServer) -> None:
    with contextlib.ExitStack() as stack:
        healthy = stack.enter_context(connect(f"{busy.ws_url}/ws/prices"))
        for _ in range(50):
            healthy.recv()
        before = resident_kb(busy.pid)
        for path in PATHS * STUCK:
            stack.enter_context(StuckReader(busy, path))
        wait_until(
            lambda: busy.status()["clients"] == {**busy.status()["clients"], "ws": STUCK + 1, "sse": STUCK},
            what="all to be there",
        )

        began, longest, grown = time.monotonic(), 0.0, 0
        while (seconds := time.monotonic() - began) < DROPPED_WITHIN + 5:
            asked = time.monotonic()
            healthy.recv()
            longest = max(longest, time.monotonic() - asked)
            grown = max(grown, resident_kb(busy.pid) - before)
            if int(seconds) % 3 == 0 and busy.status()["clients"]["ws"] == 1 and busy.status()["clients"]["sse"] == 0:
                break

        assert seconds <= DROPPED_WITHIN + 2
        assert grown <= 2 * STUCK * KB_EACH
        assert longest < 2, "the healthy reader went without prices"


def test_a_trickling_reader_gets_merged_prices_and_costs_little(busy: LiveServer) -> None:
    with StuckReader(busy, "/ws/prices") as trickle, connect(f"{busy.ws_url}/ws/prices") as healthy:
        before = resident_kb(busy.pid)
        received = 0
        until = time.monotonic() + 10
        while time.monotonic() < until:
            received += len(healthy.recv())
            with contextlib.suppress(ConnectionError):
                trickle.take(100)

        assert received > 20 * trickle.taken
        assert resident_kb(busy.pid) - before < 4 * KB_EACH
