"""Ticks of several streams merged into one quote per symbol, in the exchange's order."""

from decimal import Decimal

from market.core.quote import Quote, percent_change
from market.core.tick import Kind, Tick

# A venue that numbers its trades anew (a testnet reset, a restarted simulator) sends lower ids with later times.
# In the right order a lower id can never be this much later than the trade of the held price.
RENUMBERED_AFTER_MS = 10_000
# Clocks of exchanges are corrected by so much at most; beyond it an earlier time is a wrong time, whatever its trade.
SET_BACK_MS = 5_000


class _Held:
    """What is held of one symbol: its numbers and the order keys that guard them."""

    __slots__ = ("has_book", "numbers", "orders", "price_id", "price_ms", "time_ms")

    def __init__(self) -> None:
        self.numbers: dict[str, Decimal] = {}
        self.orders: dict[Kind, int] = {}
        self.price_id: int | None = None
        self.price_ms = 0
        self.time_ms = 0
        self.has_book = False

    def forget_ids(self) -> None:
        """The venue counts anew: what guarded trades and the book would refuse all that is to come."""
        self.orders.pop(Kind.TRADE, None)
        self.orders.pop(Kind.BOOK, None)


class Merger:
    """One exchange's quotes. Older data never replaces newer, whatever the interleaving of streams or connections."""

    def __init__(self, exchange: str, source: str) -> None:
        self._exchange = exchange
        self._source = source
        self._held: dict[str, _Held] = {}
        self.older = 0  # ticks refused because something newer is held

    def apply(self, tick: Tick) -> Quote | None:
        """The symbol's quote when `tick` changed it; None when it was older, said nothing new or there is no price."""
        held = self._held.get(tick.symbol)
        if held is None:
            held = self._held[tick.symbol] = _Held()
        if not self._is_next(held, tick):
            self.older += 1
            return None
        held.orders[tick.kind] = tick.order
        changed = self._merge(held, tick)
        return self._quote(tick.symbol, held) if changed and "price" in held.numbers else None

    def quote(self, symbol: str) -> Quote | None:
        """The newest quote of `symbol`, None before its first price."""
        held = self._held.get(symbol)
        return self._quote(symbol, held) if held is not None and "price" in held.numbers else None

    def quotes(self) -> list[Quote]:
        """The newest quote of every symbol that has a price."""
        return [self._quote(symbol, held) for symbol, held in self._held.items() if "price" in held.numbers]

    def drop(self, symbol: str) -> None:
        """Forget a symbol that is watched no longer."""
        self._held.pop(symbol, None)

    def release_book(self, symbol: str) -> None:
        """The book stream of `symbol` ended: bid and ask come from its ticker again."""
        if (held := self._held.get(symbol)) is not None:
            held.has_book = False
            held.orders.pop(Kind.BOOK, None)

    def _is_next(self, held: _Held, tick: Tick) -> bool:
        last = held.orders.get(tick.kind)
        if last is None or tick.order > last:
            return True
        if tick.kind is Kind.TICKER and tick.trade_id is not None:
            # Two tickers of one millisecond, or of an exchange whose clock was set back: the later trade tells.
            if held.price_id is None and tick.order == last:
                return True
            if held.price_id is not None and tick.trade_id > held.price_id and last - tick.order <= SET_BACK_MS:
                return True
        return self._is_renumbered(held, tick)

    def _is_renumbered(self, held: _Held, tick: Tick) -> bool:
        return tick.time_ms is not None and tick.time_ms - held.price_ms > RENUMBERED_AFTER_MS

    def _merge(self, held: _Held, tick: Tick) -> bool:
        fresh = dict(tick.numbers)
        if "price" in fresh and not self._takes_price(held, tick):
            # The statistics are newer although the price is not: its change follows from the new opening price.
            del fresh["price"]
            fresh.pop("change_24h", None)
        if tick.kind is Kind.BOOK:
            held.has_book = True
        elif held.has_book:
            # The book stream owns bid and ask: a ticker holds those of up to a second ago.
            fresh.pop("bid", None)
            fresh.pop("ask", None)
        changed = any(held.numbers.get(name) != number for name, number in fresh.items())
        held.numbers.update(fresh)
        self._follow_price(held, fresh)
        if tick.time_ms is not None and tick.time_ms > held.time_ms:
            held.time_ms = tick.time_ms
        return changed

    def _takes_price(self, held: _Held, tick: Tick) -> bool:
        time_ms = tick.time_ms or 0
        if tick.trade_id is None or held.price_id is None:
            newer = time_ms >= held.price_ms
        else:
            newer = tick.trade_id >= held.price_id
            if not newer and self._is_renumbered(held, tick):
                newer = True
                held.forget_ids()
        if newer:
            # Without an id of its own the price is guarded by its time until the next trade.
            held.price_id = tick.trade_id
            held.price_ms = max(held.price_ms, time_ms)
        return newer

    def _follow_price(self, held: _Held, fresh: dict[str, Decimal]) -> None:
        """A trade moves the price without saying the change of 24 h: keep both of one moment."""
        if "change_24h" in fresh or "price" not in held.numbers:
            return
        if "price" not in fresh and "open_24h" not in fresh:
            return
        opening = held.numbers.get("open_24h")
        if opening is not None and (change := percent_change(held.numbers["price"], opening)) is not None:
            held.numbers["change_24h"] = change

    def _quote(self, symbol: str, held: _Held) -> Quote:
        return Quote(self._exchange, symbol, self._source, held.time_ms, dict(held.numbers), held.price_id)
