"""How often something happens, from counters that only rise."""

from collections import deque
from collections.abc import Mapping

MINUTE = 60.0


class Rates:
    """Per second of the last minute. Times are monotonic seconds, passed in."""

    def __init__(self, most: int = 64) -> None:
        self._noted: deque[tuple[float, dict[str, int]]] = deque(maxlen=most)

    def note(self, counts: Mapping[str, int], now: float) -> dict[str, float]:
        """The counters as they stand; what follows from them and what was noted up to a minute ago."""
        self._noted.append((now, dict(counts)))
        while len(self._noted) > 2 and now - self._noted[1][0] >= MINUTE:
            self._noted.popleft()
        then, before = self._noted[0]
        passed = now - then
        if passed <= 0:
            return dict.fromkeys(counts, 0.0)
        return {name: round(max(0, count - before.get(name, 0)) / passed, 3) for name, count in counts.items()}
