"""How often a venue may be called: limits over all connections, and patience after failures."""

from collections import deque
from random import Random

from market.exchanges.base import Refused
from market.exchanges.pace import Pace

BANNED = (418, 429)
BLOCKED = (403, 451)


class Governor:
    """Gives each connect its moment, so that no window ever holds more than its limit. Times are monotonic."""

    def __init__(self, pace: Pace) -> None:
        self._limits = pace.connect_limits
        self._connects: deque[float] = deque(maxlen=max(count for count, _ in self._limits))
        self._barred_until = float("-inf")

    def bar(self, until: float) -> None:
        """No connect before `until`: a ban is for the address, so for every connection."""
        self._barred_until = max(self._barred_until, until)

    def reserve(self, now: float, *, after: float) -> float:
        """Seconds to wait before the next connect, at least `after`. That moment is then taken."""
        moment = max(now + after, self._barred_until)
        if self._connects:
            moment = max(moment, self._connects[-1])
        for count, window in self._limits:
            if len(self._connects) >= count:
                moment = max(moment, self._connects[-count] + window)
        self._connects.append(moment)
        return moment - now


class Backoff:
    """The pause before the next attempt: exponential with full jitter, without an end to trying."""

    def __init__(self, pace: Pace, random: Random) -> None:
        self._pace = pace
        self._random = random
        self._failures = 0
        self._refusal: Refused | None = None

    def succeeded(self) -> None:
        """A session was long enough to call the venue well. The next one still gets a little jitter: when an
        exchange ends all connections at once, not all clients should be back in the same moment."""
        self._failures = 1
        self._refusal = None

    def failed(self, refusal: Refused | None = None) -> None:
        """An attempt did not open, or what it opened did not last. `refusal`: the venue's own word, if it said one."""
        self._failures += 1
        self._refusal = refusal

    def delay(self) -> float:
        """Seconds. Before the first attempt there is nothing to wait for."""
        if not self._failures:
            return 0.0
        away = keep_away(self._refusal, self._pace)
        cap = self._pace.backoff_cap if self._refusal is None else self._pace.refused_cap
        growth = self._pace.backoff_base * 2 ** min(self._failures - 1, 16)
        return away + self._random.uniform(0, min(cap, growth))


def is_barred(refusal: Refused | None) -> bool:
    """Whether the venue will say no again: a ban, or a country it does not serve."""
    return refusal is not None and refusal.status in BANNED + BLOCKED


def keep_away(refusal: Refused | None, pace: Pace) -> float:
    """Seconds the venue wants to be left alone."""
    if refusal is None:
        return 0.0
    least = 0.0
    if refusal.status in BANNED:
        least = pace.banned
    elif refusal.status in BLOCKED:
        least = pace.blocked
    return min(max(least, refusal.retry_after or 0.0), pace.longest_ban)
