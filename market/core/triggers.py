"""The rules that watch one value of one symbol, by what each waits for: a tick finds those it concerns in O(log n)."""

import heapq
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import count

from market.core import crossing
from market.core.rule import Phase, Rule, RuleState
from market.core.span import INFINITY, Span

SPARE = 64  # outdated entries that are not worth a clean-up
ALWAYS, NEVER = -1, 1 << 62  # exchange times


class Slot:
    """A rule and where it stands. `mark` counts its placings: entries of an earlier one are outdated.

    `persisted` until its first tick: what happened since then was seen by nobody.
    """

    __slots__ = ("mark", "persisted", "rule", "state")

    def __init__(self, rule: Rule, state: RuleState | None) -> None:
        self.rule = rule
        self.state = crossing.unknown(rule) if state is None else state
        self.persisted = self.state.phase is not Phase.UNKNOWN
        self.mark = 0


# What a value is compared with: the number, whether it has to be passed (else reached), and whose it is. A trigger
# downwards has its number negated, so that the one to be reached first is the smallest in both heaps. The serial number
# settles ties.
Trigger = tuple[Decimal, bool, int, Slot, int]
Deadline = tuple[int, int, Slot, int]


class Triggers:
    """Heaps of values to be reached upwards, downwards, and of times. Outdated entries are dropped when they are met.

    A slot is either waiting for its first tick, or has at most one trigger in each heap that is not outdated.
    A tick between `floor` and `ceiling` that is before `next_ms` concerns nobody: most are, and need not `take`.
    """

    __slots__ = ("_deadlines", "_down", "_first", "_serial", "_slots", "_up", "ceiling", "floor", "next_ms")

    def __init__(self) -> None:
        self._slots = 0
        self.floor, self.ceiling, self.next_ms = -INFINITY, INFINITY, NEVER
        self._first: list[tuple[Slot, int]] = []
        self._up: list[Trigger] = []
        self._down: list[Trigger] = []
        self._deadlines: list[Deadline] = []
        self._serial = count()

    def __len__(self) -> int:
        """The number of rules."""
        return self._slots

    def add(self, slot: Slot) -> None:
        """Whatever its state says, the next tick is compared with it."""
        self._slots += 1
        self.wait((slot,))

    def wait(self, slots: Iterable[Slot]) -> None:
        """The next tick is compared with each of these."""
        for slot in slots:
            slot.mark += 1
            self._first.append((slot, slot.mark))
            self.take_next()

    def remove(self, slot: Slot) -> None:
        self._slots -= 1
        slot.mark += 1

    def take_next(self) -> None:
        """The next tick concerns somebody, whatever it says."""
        self.next_ms = ALWAYS

    def take(self, value: Decimal, time_ms: int) -> list[Slot]:
        """The slots that this tick may concern, each once. All of them have to be placed again by `put_back`."""
        due: list[Slot] = []
        if self._first:
            due += [slot for slot, mark in self._first if slot.mark == mark]
            self._first.clear()
            for slot in due:
                slot.mark += 1
        due += _reached(self._up, value)
        due += _reached(self._down, value.copy_negate())
        due += _expired(self._deadlines, time_ms)
        return due

    def put_back(self, slots: Iterable[Slot], value: Decimal) -> None:
        """Wait for the next values and times at which these slots' states may change; `value` is the present one."""
        for slot in slots:
            self._place(slot, value)
        self.ceiling = self._up[0][0] if self._up else INFINITY
        self.floor = self._down[0][0].copy_negate() if self._down else -INFINITY
        self.next_ms = self._deadlines[0][0] if self._deadlines else NEVER

    def _place(self, slot: Slot, value: Decimal) -> None:
        slot.mark += 1
        over, under = nearest(crossing.awaited(slot.rule, slot.state), value)
        if over is not None:
            self._push(self._up, (over.low, over.low_open, next(self._serial), slot, slot.mark))
        if under is not None:
            number = under.high.copy_negate()
            self._push(self._down, (number, under.high_open, next(self._serial), slot, slot.mark))
        deadline = crossing.deadline_ms(slot.rule, slot.state)
        if deadline is not None:
            heapq.heappush(self._deadlines, (deadline, next(self._serial), slot, slot.mark))
            if len(self._deadlines) > 2 * self._slots + SPARE:
                self._deadlines[:] = [entry for entry in self._deadlines if entry[2].mark == entry[3]]
                heapq.heapify(self._deadlines)

    def _push(self, heap: list[Trigger], trigger: Trigger) -> None:
        heapq.heappush(heap, trigger)
        if len(heap) > 2 * self._slots + SPARE:  # so that cleaning up costs no more than what made it necessary
            heap[:] = [entry for entry in heap if entry[3].mark == entry[4]]
            heapq.heapify(heap)


def nearest(spans: tuple[Span, ...], value: Decimal) -> tuple[Span | None, Span | None]:
    """Of ascending spans the first that is not under `value`, and the one before it.

    A value is in none of them unless it reaches the low end of the first or the high end of the second.
    """
    under = None
    for span in spans:
        if not span.is_under(value):
            return span, under
        under = span
    return None, under


def _reached(heap: list[Trigger], value: Decimal) -> Iterator[Slot]:
    while heap and (heap[0][0] < value or (heap[0][0] == value and not heap[0][1])):
        _, _, _, slot, mark = heapq.heappop(heap)
        if slot.mark == mark:
            slot.mark += 1
            yield slot


def _expired(heap: list[Deadline], time_ms: int) -> Iterator[Slot]:
    while heap and heap[0][0] <= time_ms:
        _, _, slot, mark = heapq.heappop(heap)
        if slot.mark == mark:
            slot.mark += 1
            yield slot
