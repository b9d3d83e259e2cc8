"""Frames in, ticks and candles out; each frame is counted and checked. No frame gets past it as an exception."""

import logging
from collections.abc import Callable
from typing import TypeVar

from market.core.candle import VenueCandle
from market.core.tick import Tick
from market.exchanges.base import Control, Exchange, NotAQuote

logger = logging.getLogger(__name__)

T = TypeVar("T")

EXCERPT = 200  # characters of a bad frame in the log


class Intake:
    """`take` is the hot path: one call a frame, on the reader's task."""

    def __init__(
        self,
        exchange: Exchange,
        *,
        on_tick: Callable[[Tick], None],
        on_candle: Callable[[VenueCandle], None] = lambda candle: None,
        log_every: float,
    ) -> None:
        self._exchange = exchange
        self._on_tick = on_tick
        self._on_candle = on_candle
        self._log_every = log_every
        self._log_from = float("-inf")
        self._left_out = 0
        self.received = 0
        self.last_frame = float("-inf")
        self.bad = 0

    def take(self, frame: str | bytes, now: float) -> Control | bool:
        """What the frame says of the connection, or whether it held a price. `now` is monotonic seconds."""
        self.received += 1
        self.last_frame = now
        try:
            heard = self._exchange.read(frame)
        except NotAQuote as exc:
            self._refuse(str(exc), frame, now)
            heard = list(exc.ticks)
        if isinstance(heard, Control):
            return heard
        if isinstance(heard, VenueCandle):
            self._pass_on(heard, self._on_candle, now)
            return False
        for tick in heard:
            self._pass_on(tick, self._on_tick, now)
        return bool(heard)

    def _pass_on(self, news: T, listener: Callable[[T], None], now: float) -> None:
        try:
            listener(news)
        except Exception:
            # The isolation point between the venue's connection and its listener: one bad tick must not cost
            # the connection of all the others.
            if self._may_log(now):
                logger.exception("%s: the listener failed on %r", self._exchange.name, news)

    def _refuse(self, reason: str, frame: str | bytes, now: float) -> None:
        self.bad += 1
        if self._may_log(now):
            excerpt, left_out = frame[:EXCERPT], self._left_out
            self._left_out = 0
            logger.warning(
                "%s: bad frame, %s (%d more since the last such line): %r",
                self._exchange.name,
                reason,
                left_out,
                excerpt,
            )

    def _may_log(self, now: float) -> bool:
        if now < self._log_from:
            self._left_out += 1
            return False
        self._log_from = now + self._log_every
        return True
