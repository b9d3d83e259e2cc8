"""All symbols of the simulated exchange and the order in which they trade. Sockets are somebody else's."""

from collections.abc import Callable, Iterable
from decimal import Decimal

from market.simulator import payloads
from market.simulator.audience import Audience
from market.simulator.candle import units
from market.simulator.faults import Faults
from market.simulator.instrument import Instrument
from market.simulator.interval import INTERVALS, MINUTE_MS, following, opening
from market.simulator.klines import kline
from market.simulator.walk import Walk

KLINE_MS = 1000  # between two words on a candle; the real exchange takes twice as long
STOPPED_FOR_MS = 60 * 86_400_000  # a symbol on a break closed two months ago


class Listing:
    """A symbol with its walk, its candles and its stream names, spelled once."""

    def __init__(self, instrument: Instrument, *, seed: int, now_ms: int, anchor_ms: int | None) -> None:
        self.instrument = instrument
        newest_ms = now_ms if instrument.status == "TRADING" else now_ms - STOPPED_FOR_MS
        self.walk = Walk(instrument, seed=seed, now_ms=newest_ms, anchor_ms=anchor_ms)
        self.candles = self.walk.candles
        self.symbol = instrument.symbol
        name = instrument.symbol.lower()
        self.ticker = f"{name}@ticker"
        self.mini_ticker = f"{name}@miniTicker"
        self.trade = f"{name}@trade"
        self.agg_trade = f"{name}@aggTrade"
        self.book_ticker = f"{name}@bookTicker"


class Market:
    """Seeded trading in `instruments`: `trades` trades per ticker, published to `audience`.

    `clock` gives the exchange's time in ms since 1970, before any clock skew; `anchor_ms` is a time
    at which each price is its instrument's, the start if left out.
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
        anchor_ms: int | None = None,
    ) -> None:
        self.seed = seed
        self._clock = clock
        self._faults = faults
        self._audience = audience
        self._trades = trades
        now = self.now()
        self.listings = {
            instrument.symbol: Listing(instrument, seed=seed, now_ms=now, anchor_ms=anchor_ms)
            for instrument in instruments
        }
        self._traded = [item for item in self.listings.values() if item.instrument.status == "TRADING"]
        self._changed: dict[str, Walk] = {}
        self._candle_opens: dict[str, int] = {}
        self._candles_told_ms = 0

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
        if listing.symbol in self._faults.halted:
            listing.candles.halt(now_ms)
            return
        if listing.symbol in self._faults.silent:
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
        self._candles_told_ms = 0
        self._publish_trade(listing, now_ms)
        self._publish_ticker(listing, now_ms)

    def finish_round(self) -> None:
        """What leaves once for all symbols: the array of mini tickers, and the candles."""
        self._publish_changed()
        now_ms = self.now()
        if 0 <= now_ms - self._candles_told_ms < KLINE_MS and now_ms // MINUTE_MS == self._candles_told_ms // MINUTE_MS:
            return
        self._candles_told_ms = now_ms
        for stream in tuple(self._audience.streams):
            name, _, interval = stream.partition("@kline_")
            if interval in INTERVALS and name.upper() in self.listings:
                self._publish_kline(stream, self.listings[name.upper()], interval)

    def _publish_changed(self) -> None:
        """`!miniTicker@arr`: the mini tickers of the symbols that changed since the last time."""
        changed, self._changed = self._changed, {}
        if changed and "!miniTicker@arr" in self._audience.streams:
            now_ms = self.now()
            rows = ",".join(payloads.mini_ticker(walk, now_ms) for walk in changed.values())
            self._audience.publish("!miniTicker@arr", f"[{rows}]")

    def _publish_kline(self, stream: str, listing: Listing, interval: str) -> None:
        """The candle so far; when a new one has begun, first the last word on the old."""
        now_ms = self.now()
        if self.status(listing.symbol) != "TRADING" or listing.symbol in self._faults.silent:
            return
        newest = opening(interval, now_ms)
        before = self._candle_opens.get(stream, newest)
        self._candle_opens[stream] = newest
        for open_ms in sorted({before, newest}):
            candle = listing.candles.between(open_ms, following(interval, open_ms))
            text = kline(
                listing.symbol,
                interval,
                candle,
                last_id=listing.walk.last_id,
                event_ms=now_ms,
                closed=open_ms < newest,
            )
            self._audience.publish(stream, text)

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
