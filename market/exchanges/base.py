"""What every exchange adapter speaks: subscriptions in, ticks out, and the ways a venue says no."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, Protocol

from market.core.candle import Candle, VenueCandle
from market.core.interval import Interval
from market.core.tick import Tick

MODES = ("tickers", "market", "recorded")


class NotAQuote(ValueError):
    """A frame, or a part of one, that is no price; str() says why. `ticks` are the sound parts of it."""

    def __init__(self, reason: str, ticks: Sequence[Tick] = ()) -> None:
        super().__init__(reason)
        self.ticks = ticks


class Refused(Exception):
    """The venue answered no. `status` is the HTTP status, `retry_after` seconds to stay away, where given."""

    def __init__(self, reason: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.retry_after = retry_after


class Unreachable(Exception):
    """The venue did not answer, or not in its own language."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnknownSymbol(Exception):
    """The venue does not list `symbol`; `reason` is the venue's word."""

    def __init__(self, symbol: str, reason: str) -> None:
        super().__init__(f"{symbol}: {reason}")
        self.symbol = symbol
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Subscription:
    """`symbol` in the venue's spelling, e.g. BTCUSDT. `every_trade`: each trade and each change of the book.
    `candles`: its minutes too.
    """

    symbol: str
    every_trade: bool = False
    candles: bool = False


@dataclass(frozen=True, slots=True)
class SymbolInfo:
    """A listed symbol. `status` is the venue's word (TRADING, BREAK ...); tick_size None: any price goes."""

    symbol: str
    base: str
    quote: str
    status: str
    tick_size: Decimal | None


class Word(Enum):
    """What a frame that is no price means for the connection."""

    ACK = "ack"
    REFUSED = "refused"
    SHUTDOWN = "shutdown"


@dataclass(frozen=True, slots=True)
class Control:
    """A frame about the connection. `id` is that of the request it answers, `reason` the venue's word."""

    word: Word
    id: int | None = None
    reason: str = ""


class Exchange(Protocol):
    """One venue's words. Pure: no I/O, no clock. Payloads are the venue's decoded JSON."""

    name: str
    stream_url: str
    rest_url: str
    max_streams: int  # a connection carries no more
    max_url: int  # characters of a connection's address

    def streams(self, subscription: Subscription, mode: str) -> tuple[str, ...]:
        """The stream names one subscription needs in `mode` (one of MODES)."""
        ...

    def shared_streams(self, mode: str) -> tuple[str, ...]:
        """The streams `mode` needs whatever the subscriptions are."""
        ...

    def symbol_of(self, stream: str) -> str | None:
        """The symbol a stream name is about; None for one about the whole market."""
        ...

    def url(self, base: str, streams: Iterable[str]) -> str:
        """The address of a connection that is subscribed to `streams` from its first moment."""
        ...

    def subscribe(self, streams: Sequence[str], request_id: int) -> str:
        """The text to send for more streams; the answer carries `request_id`."""
        ...

    def unsubscribe(self, streams: Sequence[str], request_id: int) -> str:
        """The text to send for fewer streams; the answer carries `request_id`."""
        ...

    def read(self, frame: str | bytes) -> list[Tick] | VenueCandle | Control:
        """The ticks or the candle of a frame, or what it says of the connection. Raises NotAQuote, and nothing else."""
        ...

    def info_request(self, symbols: Sequence[str]) -> tuple[str, dict[str, str]]:
        """Path and query that ask what these symbols are; none: all the venue has."""
        ...

    def ticker_request(self, symbols: Sequence[str]) -> tuple[str, dict[str, str]]:
        """Path and query that ask for the 24 h statistics of at most `tickers_per_request` symbols."""
        ...

    def time_request(self) -> tuple[str, dict[str, str]]:
        """Path and query that ask what time it is at the venue."""
        ...

    def time(self, payload: Any) -> int:
        """The venue's clock in ms since 1970, as an answer to `time_request` tells it. Raises NotAQuote."""
        ...

    tickers_per_request: int
    infos_per_request: int

    def is_unknown_symbol(self, payload: Any) -> bool:
        """Whether an error answer says that (one of) the asked symbols does not exist."""
        ...

    def refusal(self, payload: Any) -> str:
        """The venue's word in an error answer; "" when there is none."""
        ...

    def infos(self, payload: Any, symbols: Collection[str]) -> list[SymbolInfo]:
        """What an answer to `info_request` says of these symbols. Raises NotAQuote."""
        ...

    def used(self, headers: Mapping[str, str]) -> float:
        """The used share (0 to 1) of this minute's request budget, as an answer's headers tell."""
        ...

    def tickers(self, payload: Any) -> list[Tick]:
        """What an answer to `ticker_request` holds, without the symbols that have no price. Raises NotAQuote."""
        ...

    candles_per_request: int

    def candle_request(
        self, symbol: str, interval: Interval, *, start_ms: int, end_ms: int, limit: int
    ) -> tuple[str, dict[str, str]]:
        """Path and query that ask for the oldest `limit` candles that open from `start_ms` on, before `end_ms`."""
        ...

    def candles(self, payload: Any, interval: Interval, *, now_ms: int) -> list[Candle]:
        """What an answer to `candle_request` holds, oldest first, without one that is not over. Raises NotAQuote."""
        ...
