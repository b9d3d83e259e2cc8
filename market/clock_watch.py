"""Keeps measuring the exchange's clock: what it is ahead of ours is no latency."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from market.core.clock_offset import ClockOffset, Offset
from market.exchanges.base import Refused, Unreachable
from market.exchanges.rest import Rest

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ClockPace:
    """Seconds: between two looks, least between any two, between the round trips of one; how many those are."""

    every: float = 30.0
    least: float = 5.0
    between: float = 0.1
    trips: int = 4


class ClockWatch:
    """`offset` is the exchange's clock less `clock` (monotonic seconds), None where nobody knows.

    `on_set` is called when that clock, or ours, was set: what was measured against it since is wrong. Each look costs
    `trips` of the exchange's smallest requests.
    """

    def __init__(
        self,
        rest: Rest,
        *,
        on_set: Callable[[], None],
        pace: ClockPace | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rest = rest
        self._on_set = on_set
        self._pace = pace or ClockPace()
        self._clock = clock
        self._measured = ClockOffset()
        self._asked = asyncio.Event()
        self._said = ""
        self.looked = False  # the first look is over, whatever it brought

    @property
    def offset(self) -> Offset | None:
        return self._measured.best(self._clock())

    def ask(self) -> None:
        """Look again soon: times are not what they were."""
        self._asked.set()

    async def run(self) -> None:
        """Look every so often, for ever."""
        while True:
            self._asked.clear()
            pause = await self._look()
            self.looked = True
            await asyncio.sleep(max(pause, self._pace.least))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, self._pace.every - pause)):
                    await self._asked.wait()

    async def _look(self) -> float:
        """Some round trips; seconds to leave the exchange alone."""
        try:
            for trip in range(self._pace.trips):
                if trip:
                    await asyncio.sleep(self._pace.between)
                self._note(await self._rest.clock_offset())
        except Unreachable as exc:
            self._say(exc.reason)
        except Refused as exc:
            self._say(exc.reason)
            return exc.retry_after or 0.0
        else:
            self._said = ""
        return 0.0

    def _note(self, offset: Offset) -> None:
        if self._measured.note(offset):
            logger.warning("the exchange's clock was set, or ours: it is measured anew")
            self._on_set()

    def _say(self, words: str) -> None:
        """Once for each reason: prices do not need it."""
        if words != self._said:
            self._said = words
            logger.info("the exchange's clock cannot be measured: %s", words)
