"""All symbols of the simulated exchange and the order in which they trade. Sockets are somebody else's."""

from collections.abc import Callable, Iterable
from decimal import Decimal

from market.simulator import payloads
from market.simulator.audience import Audience
from market.simulator.faults import Faults
from market.simulator.instrument import Instrument
from market.simulator.walk import Walk, units


class Listing:
    """A symbol with its walk and its stream names, spelled once."""

    __slots__ = ("agg_trade", "book_ticker", "instrument", "mini_ticker", "symbol", "ticker", "trade", "walk")

    def __init__(self, instrument: Instrument, walk: Walk) -> None:
        self.instrument = instrument
        self.walk = walk
        self.symbol = instrument.symbol
        name = instrument.symbol.lower()
        self.ticker = f"{name}@ticker"
        self.mini_ticker = f"{name}@miniTicker"
        self.trade = f"{name}@trade"
        self.agg_trade = f"{name}@aggTrade"
        self.book_ticker = f"{name}@bookTicker"


class Market:
    """Seeded trading in `instruments`: `trades` trades per ticker, published to `audience`.

    `clock` gives the exchange's time in ms since 1970, before any clock skew.
    """

    def __init__(
        self,
        instruments: Iterable[Instrument],
        *,
        seed: int,
        trades: int,
        audience: Audience,
        faults: Faults,
        clock: Callable[[], int],
    ) -> None:
        self.seed = seed
        self._clock = clock
        self._faults = faults
        self._audience = audience
        self._trades = trades
        now = self.now()
        self.listings = {
            instrument.symbol: Listing(instrument, Walk(instrument, seed=seed, now_ms=now))
            for instrument in instruments
        }
        self._traded = [item for item in self.listings.values() if item.instrument.status == "TRADING"]
        self._changed: dict[str, Walk] = {}

    def now(self) -> int:
        """The exchange's time in ms, skewed as the faults say."""
        return self._clock() + self._faults.clock_skew

    def status(self, symbol: str) -> str:
        return "BREAK" if symbol in self._faults.halted else self.listings[symbol].instrument.status

    def steps_per_round(self) -> int:
        """Steps in which each trading symbol gets one ticker."""
        return len(self._traded) * self._trades

    def step(self, number: int, now_ms: int) -> None:
        """Trade number `number` of the whole exchange: symbols take turns, every n-th time with a ticker."""
        turn, index = divmod(number, len(self._traded))
        listing = self._traded[index]
        if listing.symbol in self._faults.halted or listing.symbol in self._faults.silent:
            return
        listing.walk.trade(now_ms)
        self._publish_trade(listing, now_ms)
        if turn % self._trades == 0:
            self._publish_ticker(listing, now_ms)
            if self._faults.burst and index == 0:
                self.burst(listing.symbol, self._faults.burst)

    def burst(self, symbol: str, count: int) -> None:
        """`count` trades of one symbol at once, each with its ticker."""
        listing, now_ms = self.listings[symbol], self.now()
        for _ in range(count):
            listing.walk.trade(now_ms)
            self._publish_trade(listing, now_ms)
            self._publish_ticker(listing, now_ms)

    def set_price(self, symbol: str, price: Decimal) -> None:
        """One trade of `symbol` at exactly `price`, told on all its streams. Raises KeyError, ValueError."""
        if not 0 < price < 10**12:
            raise ValueError(f"not a price: {price}")
        listing, now_ms = self.listings[symbol], self.now()
        listing.walk.move_to(units(price), now_ms)
        self._publish_trade(listing, now_ms)
        self._publish_ticker(listing, now_ms)

    def publish_changed(self) -> None:
        """`!miniTicker@arr`: the mini tickers of the symbols that changed since the last time."""
        changed, self._changed = self._changed, {}
        if changed and "!miniTicker@arr" in self._audience.streams:
            now_ms = self.now()
            rows = ",".join(payloads.mini_ticker(walk, now_ms) for walk in changed.values())
            self._audience.publish("!miniTicker@arr", f"[{rows}]")

    def _publish_trade(self, listing: Listing, now_ms: int) -> None:
        streams, walk = self._audience.streams, listing.walk
        if listing.trade in streams:
            self._audience.publish(listing.trade, payloads.trade(walk, now_ms))
        if listing.agg_trade in streams:
            self._audience.publish(listing.agg_trade, payloads.agg_trade(walk, now_ms))
        if listing.book_ticker in streams:
            self._audience.publish(listing.book_ticker, payloads.book_ticker(walk))

    def _publish_ticker(self, listing: Listing, now_ms: int) -> None:
        streams, walk = self._audience.streams, listing.walk
        self._changed[listing.symbol] = walk
        if listing.ticker in streams:
            self._audience.publish(listing.ticker, payloads.ticker(walk, now_ms))
        if listing.mini_ticker in streams:
            self._audience.publish(listing.mini_ticker, payloads.mini_ticker(walk, now_ms))
