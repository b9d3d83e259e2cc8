"""The exchange's clock against ours, from the round trips of a question about its time, as NTP does it.

Our clock here is the monotonic one: setting the wall clock changes nothing. Times are seconds.
"""

from collections import deque
from dataclasses import dataclass, replace

RESOLUTION = 0.001  # the exchange tells whole milliseconds, of its clock and of its events
DRIFT = 50e-6  # two clocks may part by so much of the time that passes
KEPT = 16
OLDEST = 600.0  # what was measured longer ago says nothing any more


@dataclass(frozen=True, slots=True)
class Offset:
    """The exchange's time in seconds since 1970, less our monotonic time; true to `error`. Measured at `at`."""

    seconds: float
    error: float
    at: float

    def aged(self, now: float) -> "Offset":
        """The same as of now: the older, the less exact."""
        return replace(self, error=self.error + abs(now - self.at) * DRIFT)

    def contradicts(self, other: "Offset") -> bool:
        """Both cannot be true of one clock."""
        return abs(self.seconds - other.seconds) > self.error + other.error


def offset_of(time_ms: int, *, asked: float, answered: float) -> Offset:
    """From one round trip: the exchange read its clock in between, most likely in the middle.

    Its time is not rounded to the middle of its millisecond: that of its events is not either.
    """
    middle = (asked + answered) / 2
    return Offset(time_ms / 1000 - middle, (answered - asked) / 2 + RESOLUTION, middle)


class ClockOffset:
    """Believes the round trip that leaves the least doubt: a quick one, and not long ago."""

    def __init__(self) -> None:
        self._offsets: deque[Offset] = deque(maxlen=KEPT)

    def note(self, offset: Offset) -> bool:
        """Take a measurement; True when it cannot be true of the clock that was measured before: it was set."""
        before = self.best(offset.at)
        was_set = before is not None and offset.contradicts(before)
        if was_set:
            self._offsets.clear()
        self._offsets.append(offset)
        return was_set

    def best(self, now: float) -> Offset | None:
        """None where nothing was measured lately."""
        recent = (offset.aged(now) for offset in self._offsets if now - offset.at <= OLDEST)
        return min(recent, key=lambda offset: offset.error, default=None)
