"""The seeded life of one symbol: its price, its book and its rolling 24 hours.

The price strays a little from what `past` says of the time, so that the next run goes on where this one ends.
Numbers are integers in units of 1e-8. Floats decide only how far the price moves, never what is printed.
"""

from random import Random

from market.simulator.candle import units
from market.simulator.candles import Candles
from market.simulator.instrument import Instrument
from market.simulator.past import Past

SWING = 0.00008  # usual change of the price from one trade to the next
PULL = 0.02  # how strongly the price returns to what it is meant to be


class Walk:
    """State after the newest trade. Read by the payloads; changed only by `trade` and `move_to`.

    `anchor_ms` is when the price is the instrument's, the start if left out. Symbols that do not trade have been
    stopped since `now_ms`.
    """

    __slots__ = (
        "_meant", "_meant_at", "_past", "_shift", "agg_id", "ask", "ask_quantity", "bid", "bid_quantity",
        "buyer_is_maker", "candles", "close_ms", "first_id", "high", "instrument", "last_id", "lot", "low",
        "mean_lots", "open", "opened_before", "price", "quantity", "quote_volume", "random", "symbol", "tick",
        "update_id", "volume",
    )  # fmt: skip

    def __init__(self, instrument: Instrument, *, seed: int, now_ms: int, anchor_ms: int | None = None) -> None:
        self.instrument = instrument
        self.symbol = instrument.symbol
        self.random = Random(f"{seed}/{instrument.symbol}")
        self.tick = units(instrument.tick)
        self.lot = units(instrument.lot)
        self._past = Past(instrument, seed=seed, anchor_ms=now_ms if anchor_ms is None else anchor_ms)
        stopped_ms = None if instrument.status == "TRADING" else now_ms
        self.candles = Candles(self._past, start_ms=now_ms, stopped_ms=stopped_ms)
        self.price = self._meant = self._past.price_at(now_ms)
        self._meant_at, self._shift = now_ms, 0
        self.quantity = self.lot
        self.mean_lots = max(1, int(instrument.turnover / instrument.price / instrument.lot / instrument.trades))
        self.buyer_is_maker = False
        # Later runs begin with later ids: 1000 trades a second are more than any symbol has.
        self.last_id = self.close_ms = now_ms
        self.agg_id = self.last_id // 2
        self.update_id = self.last_id * 9
        self._measure_day()
        self._quote_book()

    def trade(self, now_ms: int) -> None:
        """One more trade at a price near the last, while older trades leave the 24 h window."""
        self._trade_at(self._next_price(now_ms), now_ms)

    def move_to(self, price: int, now_ms: int) -> None:
        """One trade at exactly `price`, around which the walk goes on."""
        self._shift = price - self._past.price_at(now_ms)
        self._meant_at = -1
        self._trade_at(price, now_ms)

    def _trade_at(self, price: int, now_ms: int) -> None:
        self.close_ms = now_ms
        self.price = price
        self.quantity = quantity = self._quantity()
        self.last_id += 1
        self.agg_id += 1
        self._quote_book()
        self.candles.record(now_ms, price, quantity, taken=not self.buyer_is_maker)
        self._measure_day()

    def _next_price(self, now_ms: int) -> int:
        random = self.random.random
        price, tick = self.price, self.tick
        drift = (random() + random() - 1.0) * 2 * SWING * price + (self._meant_price(now_ms) - price) * PULL
        # Rounding at random keeps cheap symbols moving: one tick of SHIBUSDT is 0.1 % of its price.
        moved = price + tick * int(drift / tick // 1 + (random() < drift / tick % 1))
        return moved if moved > 2 * tick else 3 * tick

    def _meant_price(self, now_ms: int) -> int:
        if now_ms != self._meant_at:
            self._meant_at, self._meant = now_ms, self._past.price_at(now_ms) + self._shift
        return self._meant

    def _measure_day(self) -> None:
        """The rolling 24 hours, from the candles; the price is in them, whatever the clock did."""
        day = self.candles.day(self.close_ms, lot=self.lot, tick=self.tick)
        self.open = self.opened_before = day.open
        self.high, self.low = max(day.high, self.price), min(day.low, self.price)
        self.volume, self.quote_volume = day.volume, day.quote_volume
        self.first_id = self.last_id - max(1, day.trades) + 1

    def _quote_book(self) -> None:
        random = self.random.random
        self.buyer_is_maker = random() < 0.5
        spread = self.tick * (1 + int(random() * 1.3))
        if self.price <= spread:
            spread = max(1, self.price // 2)
        self.bid = self.price if self.buyer_is_maker else self.price - spread
        self.ask = self.bid + spread
        self.bid_quantity = self.lot * (1 + int(random() * 40 * self.mean_lots))
        self.ask_quantity = self.lot * (1 + int(random() * 40 * self.mean_lots))
        self.update_id += 1 + int(random() * 20)

    def _quantity(self) -> int:
        share = self.random.random()
        return self.lot * (1 + int(self.mean_lots * 3 * share * share))
