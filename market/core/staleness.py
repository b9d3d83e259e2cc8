"""Whether prices are live: judged from the link to the exchange, its silence, and how late its ticks come."""

from collections import deque
from dataclasses import dataclass
from statistics import median

from market.core.messages import DELAYED, DOWN, LIVE, STALE

NEVER = float("-inf")
PAUSES = 15  # between ticks, remembered to know what is usual


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds. A market that is quiet by nature may be silent for `quiet` times its usual pause."""

    unconnected: float = 1.0
    silent: float = 12.0
    quiet: float = 4.0
    late: float = 3.0
    down: float = 60.0


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen of the exchange at one moment. `last_tick` is monotonic seconds, NEVER before the first.

    `late_by` is seconds against the best of the connection. `refused` means the exchange said no and will again.
    `reason` says why there is no connection.
    """

    connected: bool
    last_tick: float = NEVER
    late_by: float = 0.0
    refused: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """`feed` is live, delayed, stale or down; `reason` says in words why it is not live."""

    feed: str
    reason: str


class Staleness:
    """Judges what is seen. Times are monotonic seconds, passed in; `now` never falls."""

    def __init__(self, now: float, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._connected_at = now  # when the link was last seen to stand
        self._fresh_at = now  # when prices were last fresh
        self._last_tick = NEVER
        self._pauses: deque[float] = deque(maxlen=PAUSES)

    def judge(self, sight: Sight, now: float) -> Judgement:
        if sight.connected:
            self._connected_at = now
        self._note_pause(sight.last_tick)
        fault = self._fault(sight, now)
        if fault:
            gone = sight.refused or now - self._fresh_at > self._limits.down
            return Judgement(DOWN if gone else STALE, fault)
        self._fresh_at = now
        if sight.late_by > self._limits.late:
            return Judgement(DELAYED, f"prices come {sight.late_by:.0f} s later than usual")
        return Judgement(LIVE, "")

    def _fault(self, sight: Sight, now: float) -> str:
        if sight.refused or now - self._connected_at > self._limits.unconnected:
            return sight.reason or "not connected to the exchange"
        if sight.last_tick == NEVER:
            return "waiting for the first price"
        silent_for = now - sight.last_tick
        return f"the exchange is silent for {silent_for:.0f} s" if silent_for > self._patience() else ""

    def _note_pause(self, last_tick: float) -> None:
        if last_tick > self._last_tick > NEVER:
            self._pauses.append(last_tick - self._last_tick)
        self._last_tick = last_tick

    def _patience(self) -> float:
        usual = median(self._pauses) if self._pauses else 0.0
        return max(self._limits.silent, usual * self._limits.quiet)


# The exchange's clock and ours drift apart: what was the best lag is allowed to become worse this fast.
DRIFT = 0.0001
# A tick this much newer than all before it (seconds) has a wrong time ...
AHEAD = 60.0
# ... unless all ticks of this time and number are so: then the clock was set.
SET_AFTER = 3.0
SET_TICKS = 5
RECENT_TICKS = 64


class Lateness:
    """How late ticks come, against the best seen: a clock that is wrong by any constant changes nothing.

    `offset` is the wall clock minus the monotonic clock at the start, in seconds, and only guards the first ticks.
    The wall clock is not read again, so that setting it changes nothing either.
    """

    def __init__(self, offset: float) -> None:
        self._offset = offset
        self._usual = 0.0  # the best lag of this or an earlier connection; at first what the wall clock says
        self._best: float | None = None
        self._best_at = 0.0
        self._recent: deque[float] = deque(maxlen=RECENT_TICKS)
        self._ahead_since = 0.0
        self._ahead_ticks = 0

    def note(self, time_ms: int, now: float) -> bool:
        """Take the exchange's time of a tick that came at `now`; False when it is absurd: refuse the tick."""
        lag = now + self._offset - time_ms / 1000
        if self._is_absurd(lag, now):
            return False
        best = self._best_now(now)
        self._best = lag if best is None else min(best, lag)
        self._usual, self._best_at = self._best, now
        self._recent.append(lag)
        return True

    def is_plausible(self, time_ms: int, now: float) -> bool:
        """Whether a time that came by another way than the stream is not absurdly in the future."""
        return now + self._offset - time_ms / 1000 >= self._usual - AHEAD

    def late_by(self, now: float) -> float:
        """Seconds that the recent ticks (their median) come later than the best did."""
        best = self._best_now(now)
        return 0.0 if best is None or not self._recent else max(0.0, median(self._recent) - best)

    def forget(self) -> None:
        """The connection ended: the best of the next one is its own."""
        self._best = None
        self._recent.clear()

    def _best_now(self, now: float) -> float | None:
        return None if self._best is None else self._best + (now - self._best_at) * DRIFT

    def _is_absurd(self, lag: float, now: float) -> bool:
        if lag >= self._usual - AHEAD:
            self._ahead_ticks = 0
            return False
        if not self._ahead_ticks:
            self._ahead_since = now
        self._ahead_ticks += 1
        if self._ahead_ticks < SET_TICKS or now - self._ahead_since < SET_AFTER:
            return True
        self.forget()
        self._ahead_ticks = 0
        return False
