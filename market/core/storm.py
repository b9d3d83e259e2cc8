"""Many alerts of one kind at once: who sends them one by one buries what they say."""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Storm:
    """More than `symbols` symbols within `seconds` are one. So long, too, is one digest open for more."""

    symbols: int = 10
    seconds: float = 10.0


class Storms:
    """Says of each alert whether it stands alone or belongs into a digest. Times are seconds, passed in."""

    def __init__(self, storm: Storm | None = None) -> None:
        self._storm = storm or Storm()
        self._recent: dict[Hashable, deque[tuple[float, str]]] = {}
        self._open: dict[Hashable, tuple[float, str]] = {}  # until when, and the name of the digest

    def place(self, kind: Hashable, symbol: str, name: str, now: float) -> str | None:
        """The digest that this alert belongs into, None when it stands alone.

        A digest has the `name` of its first alert: the same after a retry, and no other's.
        """
        recent = self._recent.setdefault(kind, deque())
        recent.append((now, symbol))
        while recent[0][0] < now - self._storm.seconds:
            recent.popleft()
        if kind in self._open and now < self._open[kind][0]:
            return self._open[kind][1]
        if len({each for _, each in recent}) <= self._storm.symbols:
            return None
        self._open[kind] = (now + self._storm.seconds, name)
        return name

    def ended(self, now: float) -> list[str]:
        """Names of the digests that take no more since the last call."""
        over = [kind for kind, (until, _) in self._open.items() if now >= until]
        return [self._open.pop(kind)[1] for kind in over]
