"""Subscribers with the same symbols, rate and format: they share the same bytes."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from market.alert_lane import AlertReader
from market.candle_reader import CandleReader
from market.core.dialect import Dialect
from market.core.line import NEVER
from market.outlet import Outlet

if TYPE_CHECKING:
    from market.audience import Audience

Key = tuple[str, str]  # (exchange, symbol)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a subscriber asks for. `keys` None: all watched. `interval`: seconds between frames, 0 for each flush."""

    keys: frozenset[Key] | None
    interval: float
    dialect: Dialect
    frame: Callable[[bytes], bytes]


class Cohort:
    """The members that are up to date; those that lag are outside until they have caught up."""

    __slots__ = ("due_at", "members", "read_to", "snapshot", "spoke_at", "timer", "wish")

    def __init__(self, wish: Wish, now: float, read_to: int) -> None:
        self.wish = wish
        self.members: dict[Member, Callable[[bytes], None]] = {}
        self.spoke_at = now
        self.snapshot: tuple[str, bytes] = ("", b"")  # cursor and frame of the last one made
        # For a cohort with a rate: the batch it has read up to, and when it may be written to again.
        self.read_to = read_to
        self.due_at = now
        self.timer: asyncio.TimerHandle | None = None

    def write(self, payload: bytes, now: float) -> None:
        frame = self.wish.frame(payload)
        # A copy: a write that fills a buffer takes its member out of the cohort.
        for write in tuple(self.members.values()):
            write(frame)
        self.spoke_at = now


class Member:
    """One subscriber. Its outlet tells it of backpressure; a paused member is left alone until it resumes."""

    __slots__ = (
        "alerts",
        "backlog",
        "candles",
        "cohort",
        "cursor",
        "epoch",
        "audience",
        "outlet",
        "paused_at",
        "said",
        "watched",
        "wish",
    )

    def __init__(self, audience: "Audience", outlet: Outlet, wish: Wish) -> None:
        self.audience = audience
        self.outlet = outlet
        self.wish = wish
        self.alerts = AlertReader(audience.alerts, self)
        self.candles = CandleReader(audience.candles, self)
        self.cohort: Cohort | None = None
        # Where a paused member stopped reading; of no meaning while it is in its cohort.
        self.epoch = ""
        self.cursor = NEVER
        self.said = 0
        self.watched: frozenset[Key] = frozenset()
        self.paused_at = 0.0
        self.backlog = 0

    def paused(self) -> None:
        self.audience.pause(self)

    def resumed(self) -> None:
        self.audience.resume(self)

    def lost(self) -> None:
        self.audience.leave(self)
