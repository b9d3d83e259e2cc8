"""The seeded life of one symbol: its price, its book and its rolling 24 hours.

Numbers are integers in units of 1e-8, which is how many decimals Binance prints. Floats decide only how far
the price moves, never what is printed.
"""

from decimal import Decimal
from random import Random

from market.simulator.instrument import Instrument

UNITS = 10**8
SWING = 0.0002  # usual change of the price from one trade to the next
PULL = 0.0005  # how strongly the price returns to its anchor, so that a week-long run keeps its scale


def units(value: Decimal) -> int:
    """`value` in units of 1e-8. Raises ValueError when it has more decimals than that."""
    scaled = value * UNITS
    if scaled != scaled.to_integral_value():
        raise ValueError(f"more than 8 decimals: {value}")
    return int(scaled)


class Walk:
    """State after the newest trade. Read by the payloads; changed only by `trade` and `move_to`."""

    __slots__ = (
        "agg_id", "anchor", "ask", "ask_quantity", "bid", "bid_quantity", "buyer_is_maker", "close_ms",
        "first_id", "high", "instrument", "last_id", "lot", "low", "mean_lots", "open", "open_anchor",
        "opened_before", "price", "quantity", "quote_volume", "random", "symbol", "tick", "update_id",
        "volume",
    )  # fmt: skip

    def __init__(self, instrument: Instrument, *, seed: int, now_ms: int) -> None:
        self.instrument = instrument
        self.symbol = instrument.symbol
        self.random = Random(f"{seed}/{instrument.symbol}")
        self.tick = units(instrument.tick)
        self.lot = units(instrument.lot)
        self.price = self.anchor = units(instrument.price)
        self.quantity = self.lot
        self.close_ms = now_ms
        self.buyer_is_maker = False
        self._start_window()
        self._quote_book()

    def trade(self, now_ms: int) -> None:
        """One more trade at a price near the last, while older trades leave the 24 h window."""
        self._trade_at(self._next_price(), now_ms)

    def move_to(self, price: int, now_ms: int) -> None:
        """One trade at exactly `price`, around which the walk goes on."""
        self.anchor = price
        self._trade_at(price, now_ms)

    def _start_window(self) -> None:
        random, instrument = self.random, self.instrument
        self.open = self.open_anchor = self._nearby(self.price, 0.03)
        self.opened_before = self.open
        highest, lowest = max(self.price, self.open), min(self.price, self.open)
        self.high = highest + self._ticks(highest * random.uniform(0.002, 0.01))
        self.low = lowest - self._ticks(lowest * random.uniform(0.0, 0.006))
        average = (self.high + self.low + 2 * self.price) // 4
        self.quote_volume = instrument.turnover * UNITS
        self.volume = self._lots(self.quote_volume * UNITS // average)
        self.quote_volume = self.volume * average // UNITS
        self.mean_lots = max(1, self.volume // self.lot // instrument.trades)
        self.last_id = instrument.trades * 870 + random.randrange(instrument.trades)
        self.first_id = self.last_id - instrument.trades + 1
        self.agg_id = self.last_id // 2
        self.update_id = self.last_id * 9

    def _trade_at(self, price: int, now_ms: int) -> None:
        self.close_ms = now_ms
        self.price = price
        self.quantity = quantity = self._quantity()
        self.last_id += 1
        self.agg_id += 1
        self.volume += quantity
        self.quote_volume += quantity * price // UNITS
        self._leave_window()
        self._stretch_range()
        self._quote_book()

    def _next_price(self) -> int:
        random = self.random.random
        price, tick = self.price, self.tick
        drift = (random() + random() - 1.0) * 2 * SWING * price + (self.anchor - price) * PULL
        # Rounding at random keeps cheap symbols moving: one tick of SHIBUSDT is 0.1 % of its price.
        moved = price + tick * int(drift / tick // 1 + (random() < drift / tick % 1))
        return moved if moved > 2 * tick else 3 * tick

    def _leave_window(self) -> None:
        """0, 1 or 2 trades of 24 hours ago leave, at the average price, so that w stays between l and h."""
        leaving = int(self.random.random() * 3)
        if not leaving:
            return
        quantity = min(leaving * self._quantity(), self.volume // 2)
        self.quote_volume -= self.quote_volume * quantity // self.volume
        self.volume -= quantity
        self.first_id = min(self.first_id + leaving, self.last_id)
        if self.first_id % 4 == 0:  # neighbours often trade at the same price
            self.opened_before = self.open
            self.open = self._nearby(self.open + self._ticks((self.open_anchor - self.open) / 50), SWING)

    def _stretch_range(self) -> None:
        """New extremes widen the range at once; now and then an old extreme leaves the window."""
        if self.last_id % 200 == 0:
            average = self.quote_volume * UNITS // self.volume // self.tick * self.tick
            self.high = max(self.high - self.tick * 5, average + self.tick * 2, self.price)
            self.low = min(self.low + self.tick * 5, average - self.tick, self.price)
        if not self.low <= self.price <= self.high:
            self.high, self.low = max(self.high, self.price), min(self.low, self.price)
        if not self.low <= self.open <= self.high:
            self.high, self.low = max(self.high, self.open), min(self.low, self.open)

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

    def _nearby(self, price: int, share: float) -> int:
        return max(3 * self.tick, price + self._ticks(price * self.random.uniform(-share, share)))

    def _ticks(self, distance: float) -> int:
        return int(distance / self.tick) * self.tick

    def _lots(self, quantity: int) -> int:
        return max(1, quantity // self.lot) * self.lot
