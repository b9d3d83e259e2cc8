"""Decisions wait here until they are rows: in order and in memory, however slow or locked the database is."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import DataError, IntegrityError
from django.db import Error as DatabaseError

from market import durable
from market.core.rule import RuleState
from market.crossings import write
from market.finding import Finding, Written
from market.own_threads import OwnThread
from market.publish import Publisher

logger = logging.getLogger(__name__)

AT_ONCE = 500  # decisions in a transaction; those of one tick are never parted
TRIES = 3  # of what the database refuses for what it says, not for being away

# One thread and one connection of our own: nothing else makes alerts late.
_in_writer = OwnThread("decisions")

Tick = tuple[Finding, ...]
Work = Callable[[], Written]


@dataclass(frozen=True, slots=True)
class DecisionPace:
    """Seconds until the next try, doubled up to `longest`; `limit` decisions may wait before they are put together."""

    retry: float = 0.1
    longest: float = 2.0
    say: float = 60.0
    limit: int = 10_000


class Decisions:
    """Noting never waits; `run` writes. `on_lost` hears what somebody else was faster with, and what holds instead,

    `on_stored` when the alerts that are rows now were decided.

    Memory is bounded by `limit` or the number of rules, whichever is more: of a rule that crosses again and again while
    the database is away one alert stays, which says how many crossings it holds.
    """

    def __init__(
        self,
        publisher: Publisher,
        *,
        on_lost: Callable[[Finding, RuleState | None], None],
        on_stored: Callable[[Iterable[datetime]], None] = lambda decided: None,
        pace: DecisionPace | None = None,
    ) -> None:
        self._publisher = publisher
        self._on_lost = on_lost
        self._on_stored = on_stored
        self._pace = pace or DecisionPace()
        self._waiting: deque[Tick | Work] = deque()
        self._noted = asyncio.Event()
        self._size = 0  # decisions that wait
        self._under_way = 0  # those that are being written
        self._put_together_at = self._pace.limit
        self._tries = 0
        self._room = AT_ONCE
        self._said_at = float("-inf")
        self.written = 0

    @property
    def waiting(self) -> int:
        return self._size + self._under_way

    @property
    def queued(self) -> int:
        """Ticks and other work that wait."""
        return len(self._waiting)

    def note(self, tick: Tick) -> None:
        """All that one tick decided."""
        self._waiting.append(tick)
        self._size += len(tick)
        if self._size > self._put_together_at:
            self._put_together()
        self._noted.set()

    def order(self, work: Work) -> None:
        """Something else to be written, in its turn. It is done again if it fails."""
        self._waiting.append(work)
        self._noted.set()

    async def run(self) -> None:
        """Write what was noted, for ever."""
        pause = self._pace.retry
        while True:
            await self._noted.wait()
            if not self._waiting:
                self._noted.clear()
            elif await self._write_next():
                pause = self._pace.retry
            else:
                await asyncio.sleep(pause)
                pause = min(2 * pause, self._pace.longest)

    async def _write_next(self) -> bool:
        batch = self._take()
        self._under_way = _decided(batch)
        try:
            written = await _in_writer(_write, batch)
        except (DatabaseError, ArithmeticError) as exc:
            self._keep(batch, exc)
            return False
        finally:
            self._under_way = 0
        self._tries, self._room = 0, min(2 * self._room, AT_ONCE)
        self.written += _decided(batch)
        for finding, state in written.lost:
            self._on_lost(finding, state)
        self._on_stored(one.decided_at for each in batch if isinstance(each, tuple) for one in each if one.alerts)
        await self._publisher.alerts(written.events)  # they are rows: who does not hear of one finds it there
        return True

    def _take(self) -> list[Tick | Work]:
        """What goes into the next transaction. After a refusal less and less, so that one cannot hold up others."""
        batch, size = [self._waiting.popleft()], 0
        if isinstance(batch[0], tuple):
            size = len(batch[0])
            while self._waiting and isinstance(self._waiting[0], tuple):
                if size + len(self._waiting[0]) > self._room:
                    break
                size += len(self._waiting[0])
                batch.append(self._waiting.popleft())
        self._size -= size
        return batch

    def _keep(self, batch: Sequence[Tick | Work], exc: Exception) -> None:
        """Back to its place. What the database refuses for itself, again and again, is said and given up."""
        refused = isinstance(exc, DataError | IntegrityError | ArithmeticError)
        self._tries = self._tries + 1 if refused else 0
        if refused:
            self._room = max(1, _decided(batch) // 4)
        if len(batch) == 1 and self._tries > TRIES:
            self._tries = 0
            logger.error("a decision cannot be written (%s): %s", str(exc).strip(), batch[0])
            return
        self._waiting.extendleft(reversed(batch))
        self._size += _decided(batch)
        if time.monotonic() - self._said_at >= self._pace.say:
            self._said_at = time.monotonic()
            logger.warning("the database does not take alerts, %d decisions wait: %s", self._size, str(exc).strip())

    def _put_together(self) -> None:
        ticks = [each for each in self._waiting if isinstance(each, tuple)]
        works = [each for each in self._waiting if not isinstance(each, tuple)]
        merged = put_together(finding for tick in ticks for finding in tick)
        self._waiting = deque([*((finding,) for finding in merged), *works])
        self._size = len(merged)
        self._put_together_at = max(self._pace.limit, 2 * self._size)


def put_together(findings: Iterable[Finding]) -> list[Finding]:
    """One for each rule, where what it decided later goes on from what it decided before; in the order of the first."""
    chains: dict[object, list[Finding]] = {}
    last: dict[object, tuple[object, Finding]] = {}
    for number, finding in enumerate(findings):
        rule = (finding.decision.rule.key, finding.watched_id)
        name, before = last.get(rule, (None, None))
        if before is None or before.decision.after != finding.decision.before:
            name = (rule, number)
        chains.setdefault(name, []).append(finding)
        last[rule] = (name, finding)
    return [_as_one(chain) for chain in chains.values()]


def _as_one(chain: Sequence[Finding]) -> Finding:
    """From where the first began to where the last ended; an alert of the last crossing, if there was one."""
    alerts = [finding for finding in chain if finding.alerts]
    shown = alerts[-1] if alerts else chain[-1]
    before, after = chain[0].decision.before, chain[-1].decision.after
    decision = replace(shown.decision, before=before, after=after, fires=bool(alerts))
    return replace(shown, decision=decision, crossings=max(1, sum(finding.crossings for finding in alerts)))


def _decided(batch: Iterable[Tick | Work]) -> int:
    return sum(len(each) for each in batch if isinstance(each, tuple))


def _write(batch: Sequence[Tick | Work]) -> Written:
    findings = [finding for each in batch if isinstance(each, tuple) for finding in each]
    if findings:
        return write(findings, store=durable.store_all)
    return batch[0]() if callable(batch[0]) else Written()
