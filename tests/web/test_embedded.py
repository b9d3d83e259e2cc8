"""The feed beside the web part: it may crash, and where prices do not come people are told once."""

import asyncio
from collections.abc import Callable

import pytest

from market.core.messages import DOWN, LIVE
from market.feed import Feed
from market.feed_watch import FeedState
from market.management.embedded import keep_running, tell_if_unreachable


class FailingFeed(Feed):
    """Ends at once with an error, and counts."""

    def __init__(self, runs: list[float]) -> None:
        self._runs = runs

    async def run(self) -> None:
        self._runs.append(asyncio.get_running_loop().time())
        raise RuntimeError("the feed broke")


async def within(ready: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not ready():
            await asyncio.sleep(0.005)


async def test_a_feed_that_crashes_is_logged_and_started_again_less_and_less_often(
    caplog: pytest.LogCaptureFixture,
) -> None:
    runs: list[float] = []
    task = asyncio.create_task(keep_running(lambda: FailingFeed(runs), pauses=(0.02, 0.08)))

    await within(lambda: len(runs) >= 5)
    task.cancel()

    pauses = [later - earlier for earlier, later in zip(runs, runs[1:], strict=False)]
    assert pauses[0] >= 0.02 and pauses[1] >= 0.04 and pauses[3] >= 0.08
    assert "the feed broke" in caplog.text


async def test_it_says_once_why_no_prices_come() -> None:
    said: list[str] = []
    state = FeedState(DOWN, reason="451 from the exchange")

    await tell_if_unreachable(lambda: state, said.append, patience=0)

    assert said == [
        "No prices yet: 451 from the exchange. The feed keeps trying; `make demo` works without the exchange."
    ]


async def test_it_says_nothing_when_prices_come() -> None:
    said: list[str] = []

    await tell_if_unreachable(lambda: FeedState(LIVE), said.append, patience=0)

    assert said == []
