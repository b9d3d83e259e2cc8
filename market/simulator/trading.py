"""The clockwork: so many tickers a second of each symbol, in even turns."""

import asyncio
import time

from market.simulator.audience import Audience
from market.simulator.faults import Faults
from market.simulator.market import Market

LONGEST_STEP = 0.1  # seconds of trading made up for after the loop was held up; the rest is skipped
CHUNK = 500  # trades between two writes, so that others run and nothing waits long


class Trading:
    """Steps `market` at `rate` tickers a second and symbol; 0 keeps it still until a price is set."""

    def __init__(self, market: Market, audience: Audience, *, faults: Faults, rate: float) -> None:
        self.rate = rate
        self._market = market
        self._audience = audience
        self._faults = faults
        self._owed = 0.0
        self._number = 0

    async def run(self, *, interval: float = 0.01) -> None:
        """Trade until cancelled, waking every `interval` seconds."""
        before = time.monotonic()
        while True:
            await asyncio.sleep(interval)
            now = time.monotonic()
            await self.advance(min(now - before, LONGEST_STEP))
            before = now

    async def advance(self, seconds: float) -> None:
        """All that happens in the next `seconds`, written to the subscribers as it comes."""
        if self._faults.stall:
            return
        self._owed += seconds * self.rate * self._market.steps_per_round()
        steps, self._owed = int(self._owed), self._owed % 1.0
        while steps > 0:
            self._trade(min(steps, CHUNK))
            steps -= CHUNK
            await asyncio.sleep(0)

    def _trade(self, steps: int) -> None:
        round_length = self._market.steps_per_round()
        now_ms = self._market.now()
        for number in range(self._number, self._number + steps):
            self._market.step(number, now_ms)
            if (number + 1) % round_length == 0:
                self._market.finish_round()
        self._number += steps
        if self._faults.malformed:
            self._audience.spoil(self._faults.malformed)
        self._audience.flush()
