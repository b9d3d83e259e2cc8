"""An exchange's stream kept alive: what is wanted goes in, ticks and its state come out, for ever."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

from market.core.candle import VenueCandle
from market.core.tick import Tick
from market.exchanges.base import Exchange, Subscription
from market.exchanges.first_messages import FirstMessages
from market.exchanges.governor import Governor
from market.exchanges.intake import Intake
from market.exchanges.lane import IDLE, Lane
from market.exchanges.pace import PACE, Pace
from market.exchanges.recorder import Recorder

__all__ = ["PACE", "Pace", "Stream", "StreamState"]


@dataclass(frozen=True, slots=True)
class StreamState:
    """`reason` says why it is not connected ("" when it is), in the exchange's words where it gave some.

    `last_frame` is monotonic seconds, -inf before the first. `silent` are subscribed symbols that have had no
    message in time: the exchange acknowledges symbols it does not have. `barred`: the exchange refuses this
    address or country, and will go on doing so for a while.
    """

    connected: bool
    reason: str
    last_frame: float
    silent: frozenset[str]
    barred: bool = False


class Stream:
    """`on_tick`, `on_candle` and `on_state` are called synchronously on the event loop and must not block.

    Ticks may repeat and overlap while one connection takes over from another: `core.merge` sorts that out.
    """

    def __init__(
        self,
        exchange: Exchange,
        *,
        base_url: str,
        mode: str,
        on_tick: Callable[[Tick], None],
        on_state: Callable[[StreamState], None],
        on_candle: Callable[[VenueCandle], None] = lambda candle: None,
        pace: Pace = PACE,
        clock: Callable[[], float] = time.monotonic,
        random: Random | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self._exchange = exchange
        self._base_url = base_url
        self._mode = mode
        self._listener = on_tick
        self._on_state = on_state
        self._pace = pace
        self._clock = clock
        self._random = random or Random()
        self._recorder = recorder
        self._intake = Intake(exchange, on_tick=self._pass_on, on_candle=on_candle, log_every=pace.log_every)
        self._governor = Governor(pace)
        self._first_messages = FirstMessages(pace.first_message)
        self._lanes: list[Lane] = []
        self._more_lanes = asyncio.Event()
        self._was_connected = False
        # Nothing before the first `want`: what came then would be heard by nobody.

    def want(self, subscriptions: Iterable[Subscription]) -> None:
        """Exactly these from now on. May be called at any time; applied in the background, paced."""
        wanted = tuple(subscriptions)
        names = [name for each in wanted for name in self._exchange.streams(each, self._mode)]
        self._spread(dict.fromkeys([*self._exchange.shared_streams(self._mode), *names]))
        self._first_messages.watch((each.symbol for each in wanted), self._clock())

    def hear(self, frame: str | bytes, now: float) -> None:
        """Take a frame that no connection of ours brought, as one of a recording. `now` is seconds of `clock`."""
        self._intake.take(frame, now)

    async def run(self) -> None:
        """For ever. Cancel to stop: closes its sockets."""
        started = 0
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch_first_messages())
            while True:
                for lane in self._lanes[started:]:
                    tasks.create_task(lane.run())
                started = len(self._lanes)
                self._more_lanes.clear()
                await self._more_lanes.wait()

    @property
    def state(self) -> StreamState:
        busy = [lane for lane in self._lanes if lane.streams]
        connected = bool(busy) and all(lane.connected for lane in busy)
        reason = next((lane.reason for lane in busy if not lane.connected), "" if busy else IDLE)
        barred = any(lane.barred for lane in busy)
        return StreamState(connected, reason, self._intake.last_frame, self._first_messages.silent, barred)

    @property
    def received(self) -> int:
        """Frames."""
        return self._intake.received

    @property
    def bad(self) -> int:
        """Frames, or parts of one, that were no price."""
        return self._intake.bad

    @property
    def reconnects(self) -> int:
        """Connections after an outage; planned successors are not counted."""
        return sum(max(0, lane.connects - lane.rotations - 1) for lane in self._lanes)

    @property
    def rotations(self) -> int:
        """Connections that took over from one that still worked."""
        return sum(lane.rotations for lane in self._lanes)

    def _pass_on(self, tick: Tick) -> None:
        if self._first_messages.heard(tick.symbol):
            self._report()
        self._listener(tick)

    def _spread(self, streams: Iterable[str]) -> None:
        """Over as few connections as their limit allows; a stream stays where it is."""
        rest = dict.fromkeys(streams)
        shares = [[name for name in lane.streams if name in rest] for lane in self._lanes]
        for share in shares:
            for name in share:
                del rest[name]
        names = list(rest)
        for share in shares:
            room = self._exchange.max_streams - len(share)
            share += names[:room]
            del names[:room]
        while names:
            shares.append(names[: self._exchange.max_streams])
            del names[: self._exchange.max_streams]
        self._assign(shares)

    def _assign(self, shares: list[list[str]]) -> None:
        while len(self._lanes) < len(shares):
            self._lanes.append(self._lane())
            self._more_lanes.set()
        for lane, share in zip(self._lanes, shares, strict=True):
            lane.want(share)

    def _lane(self) -> Lane:
        return Lane(
            self._exchange,
            base_url=self._base_url,
            take=self._intake.take,
            governor=self._governor,
            pace=self._pace,
            clock=self._clock,
            random=self._random,
            on_change=self._note_change,
            recorder=self._recorder,
        )

    def _note_change(self) -> None:
        connected = self.state.connected
        if connected and not self._was_connected:
            self._first_messages.restart(self._clock())
        self._was_connected = connected
        self._report()

    def _report(self) -> None:
        self._on_state(self.state)

    async def _watch_first_messages(self) -> None:
        while True:
            await asyncio.sleep(self._pace.first_message / 10)
            if self._was_connected and self._first_messages.check(self._clock()):
                self._report()
