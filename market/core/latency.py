"""How long a hop takes: counted in buckets that grow with the value, over the last minutes and since the start.

Recording costs two additions whatever was recorded before; nothing is kept of a single value. Times are microseconds,
`now` is monotonic seconds, passed in.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

SLOT = 10.0  # seconds that one point of the picture stands for
SLOTS = 30  # so the last five minutes

# Below 32 µs each value has a bucket; above, each doubling is divided into 16: a value is known to 1/16.
_FINE = 5
_HALF = 1 << _FINE - 1
LONGEST = (1 << 27) - 1  # µs, 134 s; what takes longer counts as that
_BUCKETS = ((LONGEST.bit_length() - _FINE) << _FINE - 1) + (1 << _FINE)
EMPTY = -1  # of a quantile of nothing


def bucket(micros: int) -> int:
    """The number of the bucket that holds `micros`, which is 0 or more."""
    shift = micros.bit_length() - _FINE
    return micros if shift <= 0 else (shift << _FINE - 1) + (micros >> shift)


def edges(number: int) -> tuple[int, int]:
    """The first value in a bucket, and the first above it."""
    if number < 1 << _FINE:
        return number, number + 1
    shift = (number >> _FINE - 1) - 1
    first = (number - (shift << _FINE - 1)) << shift
    return first, first + (1 << shift)


def quantile(counts: Sequence[int], share: float) -> int:
    """The middle of the bucket where the smallest value lies that `share` of all do not exceed; EMPTY without any."""
    whole = sum(counts)
    rank = max(1, -int(-share * whole // 1))
    for number, reached in enumerate(accumulate(counts)):
        if reached >= rank:
            first, end = edges(number)
            return (first + end - 1) // 2
    return EMPTY


@dataclass(frozen=True, slots=True)
class Spread:
    """How long it took `count` times: the median and the 99th percentile in µs, EMPTY where `count` is 0."""

    count: int = 0
    p50: int = EMPTY
    p99: int = EMPTY

    @classmethod
    def of(cls, counts: Sequence[int]) -> "Spread":
        return cls(sum(counts), quantile(counts, 0.5), quantile(counts, 0.99))


class Latency:
    """One hop. The last SLOTS slots are kept apart, so that the oldest can be taken away again."""

    def __init__(self, now: float) -> None:
        self._slot = [0] * _BUCKETS  # of the slot that is not over yet
        self._recent = [0] * _BUCKETS  # of all slots together
        self._ended = [0] * _BUCKETS  # since the start, without the slot that is not over yet
        self._slots: deque[list[int]] = deque(maxlen=SLOTS - 1)
        self._points: deque[Spread] = deque(maxlen=SLOTS - 1)
        self._ends = now + SLOT
        self.sum = 0  # µs since the start

    def record(self, micros: int, now: float) -> None:
        """It took this long; less than nothing, as clocks that disagree say, counts as nothing."""
        if now >= self._ends:
            self._turn(now)
        if micros < 0:
            micros = 0
        elif micros > LONGEST:
            micros = LONGEST
        shift = micros.bit_length() - _FINE
        number = micros if shift <= 0 else (shift << _FINE - 1) + (micros >> shift)
        self._slot[number] += 1
        self._recent[number] += 1
        self.sum += micros

    def spread(self, now: float) -> Spread:
        """Of the last minutes."""
        self._turn(now)
        return Spread.of(self._recent)

    def points(self, now: float) -> list[Spread]:
        """Of each slot, the oldest first; the last one is not over yet. Fewer than SLOTS soon after the start."""
        self._turn(now)
        return [*self._points, Spread.of(self._slot)]

    def forget(self) -> None:
        """The last minutes were measured wrongly; what was counted since the start stays, as counters do."""
        self._end_slot()
        self._slots.clear()
        self._points.clear()
        self._recent = [0] * _BUCKETS

    def below(self, bounds: Sequence[int]) -> list[int]:
        """How many since the start were below each of `bounds` (µs, rising, each the edge of a bucket)."""
        sums = [0, *accumulate(now + ended for now, ended in zip(self._slot, self._ended, strict=True))]
        return [sums[bucket(bound)] for bound in bounds]

    @property
    def count(self) -> int:
        """Since the start."""
        return sum(self._ended) + sum(self._slot)

    def _turn(self, now: float) -> None:
        """Begin as many slots as the time asks for; after a long pause all of them are empty."""
        for _ in range(min(SLOTS, max(0, int((now - self._ends) // SLOT) + 1))):
            self._begin_slot()
        if now >= self._ends:
            self._ends += (int((now - self._ends) // SLOT) + 1) * SLOT

    def _begin_slot(self) -> None:
        self._points.append(Spread.of(self._slot))
        if len(self._slots) == SLOTS - 1:
            for number, count in enumerate(self._slots[0]):
                if count:
                    self._recent[number] -= count
        self._slots.append(self._slot)
        self._end_slot()

    def _end_slot(self) -> None:
        for number, count in enumerate(self._slot):
            if count:
                self._ended[number] += count
        self._slot = [0] * _BUCKETS
