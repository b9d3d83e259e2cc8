"""A symbol's walk keeps to the ticks that its exchangeInfo promises, for as long as it runs."""

import pytest

from market.simulator.candle import UNITS
from market.simulator.instrument import Instrument, listed
from market.simulator.walk import Walk

TRADES = 20_000
NOON_MS = 1_768_046_400_000


@pytest.mark.parametrize("instrument", listed(16), ids=lambda instrument: instrument.symbol)
def test_every_price_of_a_ticker_stays_on_a_tick(instrument: Instrument) -> None:
    walk = Walk(instrument, seed=1, now_ms=NOON_MS)

    for trade in range(TRADES):
        walk.trade(NOON_MS + trade)

        for name in ("price", "open", "high", "low", "bid", "ask"):
            assert getattr(walk, name) % walk.tick == 0, name
        assert walk.low <= walk.price <= walk.high
        assert walk.low * walk.volume <= walk.quote_volume * UNITS <= walk.high * walk.volume
