"""An exchange over HTTP: what its symbols are, and their prices before the first frame of a stream.

The door to HTTP requests to exchanges.
"""

import asyncio
import contextlib
import logging
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx

from market.core.candle import Candle
from market.core.clock_offset import Offset, offset_of
from market.core.interval import Interval
from market.core.tick import Tick
from market.exchanges import EXCHANGES
from market.exchanges.base import NotAQuote, Refused, SymbolInfo, UnknownSymbol, Unreachable
from market.exchanges.governor import keep_away
from market.exchanges.pace import PACE, Pace
from market.exchanges.refusal import LONGEST_TEXT, decoded, refused

logger = logging.getLogger(__name__)

FULL = 0.9  # share of the venue's request budget after which the rest of the minute is left to others
MINUTE = 60.0
SETTLED_MS = 5_000  # so long after its end a candle is final: the venue's clock is known to a second only

Trace = Callable[[str, Any], Awaitable[None]]


class _Unknown(Exception):
    """(One of) the symbols asked for does not exist; str() is the venue's word."""


class Rest:
    """Every call raises Refused (the venue says no, or has said so lately) or Unreachable (no sound answer).

    Retry-After and a used-up budget are obeyed: until they are over, calls are refused without being sent.
    """

    def __init__(
        self,
        exchange_name: str,
        base_url: str,
        *,
        pace: Pace = PACE,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._exchange = EXCHANGES[exchange_name]
        self._base_url = base_url.rstrip("/")
        self._pace = pace
        self._clock = clock
        self._away_until = float("-inf")
        self._refusal = Refused("")
        self._wall = wall
        self._ahead = 0.0  # seconds that the venue's clock is before ours, by the date of its last answer
        self._client: httpx.AsyncClient | None = None
        self.used = 0.0  # share of this minute's request budget, as the last answer told

    @contextlib.asynccontextmanager
    async def kept_open(self) -> AsyncIterator[None]:
        """Many calls over one connection, while the block runs."""
        async with self._new_client() as self._client:
            try:
                yield
            finally:
                self._client = None

    def now_ms(self) -> int:
        """The venue's clock, to the second; ours before its first answer."""
        return int((self._wall() + self._ahead) * 1000)

    async def info(self, symbols: Iterable[str]) -> dict[str, SymbolInfo]:
        """What the venue says of these symbols; those it does not list are absent."""
        asked = list(dict.fromkeys(symbols))
        found: list[SymbolInfo] = []
        for batch in _batches(asked, self._exchange.infos_per_request):
            found += await self._info(batch)
        return {each.symbol: each for each in found}

    async def symbol(self, name: str) -> SymbolInfo:
        """What the venue says of one symbol. Raises UnknownSymbol, with the venue's word, when it lists none."""
        try:
            payload = await self._get(*self._exchange.info_request((name,)))
            found = self._described(payload, (name,))
        except _Unknown as exc:
            raise UnknownSymbol(name, str(exc)) from None
        if not found:
            raise UnknownSymbol(name, "not listed")
        return found[0]

    async def tickers(self, symbols: Iterable[str]) -> list[Tick]:
        """The 24 h statistics of these symbols; those without a price, or not listed, are left out."""
        ticks: list[Tick] = []
        for batch in _batches(list(dict.fromkeys(symbols)), self._exchange.tickers_per_request):
            ticks += await self._tickers(batch)
        return ticks

    async def candles(self, symbol: str, interval: Interval, *, start_ms: int, end_ms: int, limit: int) -> list[Candle]:
        """The oldest `limit` candles that open from `start_ms` on and before `end_ms`, and are over.

        Raises UnknownSymbol too.
        """
        most = min(limit, self._exchange.candles_per_request)
        request = self._exchange.candle_request(symbol, interval, start_ms=start_ms, end_ms=end_ms, limit=most)
        try:
            payload = await self._get(*request)
            return self._exchange.candles(payload, interval, now_ms=self.now_ms() - SETTLED_MS)
        except _Unknown as exc:
            raise UnknownSymbol(symbol, str(exc)) from None
        except NotAQuote as exc:
            raise Unreachable(f"no sound answer: {exc}") from exc

    async def clock_offset(self) -> Offset:
        """What the venue's clock is to `clock`, from one round trip; connecting is no part of it."""
        moments = {"began": self._clock()}

        async def note(name: str, _: Any) -> None:
            moments[name.partition(".")[2]] = self._clock()

        payload = await self._get(*self._exchange.time_request(), trace=note)
        asked = moments.get("send_request_headers.started", moments["began"])
        answered = moments.get("receive_response_headers.complete") or self._clock()
        try:
            return offset_of(self._exchange.time(payload), asked=asked, answered=answered)
        except NotAQuote as exc:
            raise Unreachable(f"no sound answer: {exc}") from exc

    async def _info(self, symbols: Sequence[str]) -> list[SymbolInfo]:
        try:
            payload = await self._get(*self._exchange.info_request(symbols))
        except _Unknown:
            if len(symbols) == 1:
                return []
            # The venue does not say which. Everything costs no more than one question.
            payload = await self._get(*self._exchange.info_request(()))
        return await asyncio.to_thread(self._described, payload, frozenset(symbols))

    async def _tickers(self, symbols: Sequence[str]) -> list[Tick]:
        try:
            payload = await self._get(*self._exchange.ticker_request(symbols))
        except _Unknown:
            listed = [each.symbol for each in await self._info(symbols)] if len(symbols) > 1 else []
            # Fewer than before, or the venue contradicts itself.
            return await self._tickers(listed) if listed and len(listed) < len(symbols) else []
        try:
            return self._exchange.tickers(payload)
        except NotAQuote as exc:
            logger.warning("%s: bad entries in the 24 h statistics: %s", self._exchange.name, exc)
            return list(exc.ticks)

    def _described(self, payload: Any, symbols: Collection[str]) -> list[SymbolInfo]:
        try:
            return self._exchange.infos(payload, symbols)
        except NotAQuote as exc:
            raise Unreachable(f"no sound answer: {exc}") from exc

    async def _get(self, path: str, query: dict[str, str], *, trace: Trace | None = None) -> Any:
        if (left := self._away_until - self._clock()) > 0:
            raise Refused(self._refusal.reason, status=self._refusal.status, retry_after=left)
        try:
            response = await self._answer(path, query, {"trace": trace} if trace else {})
        except httpx.TimeoutException as exc:
            raise Unreachable(f"no answer within {self._pace.open_timeout:g} s") from exc
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            raise Unreachable(str(exc) or type(exc).__name__) from exc
        return self._judge(response)

    async def _answer(self, path: str, query: dict[str, str], extensions: dict[str, Any]) -> httpx.Response:
        kept = self._client
        async with contextlib.nullcontext(kept) if kept is not None else self._new_client() as client:
            return await client.get(self._base_url + path, params=query, extensions=extensions)

    def _new_client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=self._pace.open_timeout, trust_env=False, verify=_certificates())

    def _judge(self, response: httpx.Response) -> Any:
        self._read_clock(response.headers.get("Date"))
        payload = decoded(response.content)
        if response.status_code == httpx.codes.OK:
            if payload is None:
                raise Unreachable(f"no JSON but {response.text[:LONGEST_TEXT]!r}")
            self._save_budget(response)
            return payload
        if self._exchange.is_unknown_symbol(payload):
            raise _Unknown(self._exchange.refusal(payload))
        refusal = refused(
            self._exchange,
            status=response.status_code,
            phrase=response.reason_phrase,
            headers=response.headers,
            body=response.content,
        )
        self._stay_away(refusal, keep_away(refusal, self._pace))
        raise refusal

    def _read_clock(self, date: str | None) -> None:
        with contextlib.suppress(ValueError, TypeError):
            self._ahead = parsedate_to_datetime(date or "").timestamp() - self._wall()

    def _save_budget(self, response: httpx.Response) -> None:
        self.used = self._exchange.used(response.headers)
        if self.used >= FULL:
            self._stay_away(Refused("the request budget of this minute is used up"), MINUTE)

    def _stay_away(self, refusal: Refused, seconds: float) -> None:
        if seconds > 0:
            self._refusal = refusal
            self._away_until = self._clock() + seconds


@cache
def _certificates() -> ssl.SSLContext:
    """Made once: that takes 20 ms, which would hold up the event loop at each call."""
    return httpx.create_ssl_context(trust_env=False)


def _batches(symbols: Sequence[str], size: int) -> list[Sequence[str]]:
    return [symbols[start : start + size] for start in range(0, len(symbols), size)]
