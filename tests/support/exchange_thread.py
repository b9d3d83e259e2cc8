"""A simulated exchange with a loop of its own, for tests that have none; its prices go where a test says."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from market.simulator import Simulator

PATIENCE = 30  # seconds


class ExchangeThread:
    """`settings` point a server at it."""

    def __init__(self, simulator: Simulator, loop: asyncio.AbstractEventLoop) -> None:
        self._simulator = simulator
        self._loop = loop

    @property
    def settings(self) -> dict[str, str]:
        return {"BINANCE_STREAM_URL": self._simulator.stream_url, "BINANCE_REST_URL": self._simulator.rest_url}

    def set_price(self, symbol: str, price: Decimal) -> None:
        """One trade at this price, around which prices go on."""
        asyncio.run_coroutine_threadsafe(self._set(symbol, price), self._loop).result(PATIENCE)

    async def _set(self, symbol: str, price: Decimal) -> None:
        self._simulator.set_price(symbol, price)


@contextmanager
def exchange_thread(*, rate: float) -> Iterator[ExchangeThread]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    simulator = Simulator(rate=rate)
    try:
        asyncio.run_coroutine_threadsafe(simulator.start(), loop).result(PATIENCE)
        yield ExchangeThread(simulator, loop)
        asyncio.run_coroutine_threadsafe(simulator.stop(), loop).result(PATIENCE)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
