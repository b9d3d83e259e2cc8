"""The REST twin: `/api/v3/` market data, its errors, and the weight it counts."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from market.simulator import klines, rest_payloads
from market.simulator.answer import INVALID_SYMBOL, Answer, ApiError, compact, refusal
from market.simulator.faults import Faults
from market.simulator.market import Listing, Market
from market.simulator.symbol_info import symbol_info

MINUTE_MS = 60_000
WEIGHT_LIMIT = 6000  # per minute
STATUSES = ("TRADING", "END_OF_DAY", "HALT", "BREAK", "CANCEL_ONLY")
LEGAL_SYMBOL = "^[\\w\\-._&&[^a-z]]{1,50}$"
Query = Mapping[str, Sequence[str]]


class Rest:
    """Answers `GET path?query`; `query` as from `urllib.parse.parse_qs`.

    `refresh` is called before each answer, for a market that is only brought up to date when asked.
    """

    def __init__(self, market: Market, *, faults: Faults, refresh: Callable[[], None]) -> None:
        self.weight = 0
        self._refresh = refresh
        self._market = market
        self._faults = faults
        self._minute = 0
        self._routes: dict[str, Callable[[Query], tuple[int, Any]]] = {
            "/api/v3/ping": lambda query: (1, {}),
            "/api/v3/time": lambda query: (1, {"serverTime": market.now()}),
            "/api/v3/exchangeInfo": self._exchange_info,
            "/api/v3/ticker/24hr": self._day,
            "/api/v3/ticker/price": self._price,
            "/api/v3/ticker/bookTicker": self._book,
            "/api/v3/klines": self._klines,
        }

    def now_ms(self) -> int:
        return self._market.now()

    def answer(self, path: str, query: Query) -> Answer:
        """JSON text with `X-MBX-USED-WEIGHT-1M`, or the refusal that the faults or the call earn."""
        if self._faults.rest_status is not None:
            return refusal(self._faults.rest_status, self._faults.retry_after, now_ms=self._market.now())
        route = self._routes.get(path)
        if route is None:
            return Answer(404, compact({"code": -1000, "msg": f"Path {path} not found."}))
        self._refresh()
        try:
            weight, body = route(query)
        except ApiError as refused:
            return refused.answer()
        return self._weighed(weight, body)

    def _weighed(self, weight: int, body: Any) -> Answer:
        now_ms = self._market.now()
        if now_ms // MINUTE_MS != self._minute:
            self._minute, self.weight = now_ms // MINUTE_MS, 0
        self.weight += weight
        if self.weight > WEIGHT_LIMIT:
            return refusal(429, 60 - now_ms % MINUTE_MS // 1000, now_ms=now_ms)
        headers = {"X-MBX-USED-WEIGHT": str(self.weight), "X-MBX-USED-WEIGHT-1M": str(self.weight)}
        return Answer(200, compact(body), headers)

    def _exchange_info(self, query: Query) -> tuple[int, Any]:
        symbols = [
            symbol_info(listing.instrument, status=self._market.status(listing.symbol))
            for listing in self._chosen(query)
        ]
        return 20, rest_payloads.exchange_info(symbols, now_ms=self._market.now())

    def _day(self, query: Query) -> tuple[int, Any]:
        kind = _parameter(query, "type") or "FULL"
        if kind not in ("FULL", "MINI"):
            raise ApiError(-1139, "Invalid ticker type.")
        weight = _weight(query, one=2, up_to_20=2, up_to_100=40, every=80)
        return weight, self._rows(query, rest_payloads.day if kind == "FULL" else rest_payloads.mini_day)

    def _price(self, query: Query) -> tuple[int, Any]:
        return _weight(query, one=2, up_to_20=4, up_to_100=4, every=4), self._rows(query, rest_payloads.price)

    def _book(self, query: Query) -> tuple[int, Any]:
        return _weight(query, one=2, up_to_20=4, up_to_100=4, every=4), self._rows(query, rest_payloads.book)

    def _klines(self, query: Query) -> tuple[int, Any]:
        if "symbol" not in query:
            raise ApiError(-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
        listing = self._listing(_parameter(query, "symbol"))
        return 2, klines.rows(listing.candles, query, now_ms=self._market.now())

    def _rows(self, query: Query, row: Callable[[Listing, str], Any]) -> Any:
        rows = [row(listing, self._market.status(listing.symbol)) for listing in self._chosen(query)]
        return rows[0] if "symbol" in query else rows

    def _chosen(self, query: Query) -> list[Listing]:
        """The listings that `symbol`, `symbols` and `symbolStatus` leave. Raises ApiError."""
        status = _parameter(query, "symbolStatus")
        if status and status not in STATUSES:
            raise ApiError(-1122, "Invalid symbolStatus.")
        names = _names(query)
        if names is None:
            listings = list(self._market.listings.values())
            return [item for item in listings if not status or self._market.status(item.symbol) == status]
        listings = [self._listing(name) for name in names]
        if status and any(self._market.status(item.symbol) != status for item in listings):
            raise ApiError(-1220, "The symbol's status does not match the requested symbolStatus.")
        return listings

    def _listing(self, symbol: str) -> Listing:
        if not symbol or symbol != symbol.upper() or any(letter.isspace() for letter in symbol):
            message = f"Illegal characters found in parameter 'symbol'; legal range is '{LEGAL_SYMBOL}'."
            raise ApiError(-1100, message)
        if symbol not in self._market.listings:
            raise ApiError(*INVALID_SYMBOL)
        return self._market.listings[symbol]


def _parameter(query: Query, name: str) -> str:
    return next(iter(query.get(name, ())), "")


def _names(query: Query) -> list[str] | None:
    """Symbols asked for; None when the call is about all of them."""
    if "symbol" in query and "symbols" in query:
        raise ApiError(-1128, "Combination of optional parameters invalid.")
    if "symbol" in query:
        return [_parameter(query, "symbol")]
    if "symbols" not in query:
        return None
    try:
        names = json.loads(_parameter(query, "symbols"))
    except json.JSONDecodeError as error:
        raise ApiError(-1100, "Illegal characters found in parameter 'symbols'.") from error
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise ApiError(-1100, "Illegal characters found in parameter 'symbols'.")
    return names


def _weight(query: Query, *, one: int, up_to_20: int, up_to_100: int, every: int) -> int:
    names = _names(query)
    if names is None or len(names) > 100:
        return every
    if "symbol" in query:
        return one
    return up_to_20 if len(names) <= 20 else up_to_100
