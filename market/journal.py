"""What the feed writes down: durable events, last known prices, when each symbol was heard, and that prices live.

It all happens behind the prices, in a thread with a database connection of its own: a slow or dead database delays
nothing, and a change of the feed's state waits for it.
"""

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import Error as DatabaseError

from market import durable, latest, outbox, seen
from market.core.cursor import Cursor
from market.core.messages import PRICES, STATUS, FeedStatus, PriceBatch
from market.core.wire import WireQuote
from market.own_threads import OwnThread
from market.publish import Publisher

logger = logging.getLogger(__name__)

# What is kept every second must not cost a connection each time.
in_thread = OwnThread("journal")

MAX_STATUSES = 100  # changes of the feed's state that may wait for the database; the oldest gives way
SAY_EVERY = 60.0


@dataclass(frozen=True, slots=True)
class JournalPace:
    """Seconds: between stored events, kept last prices, writes of who was seen and signs of life; `unsent` between
    looks for alerts that nobody delivers.
    """

    events: float = 1.0
    latest: float = 1.0
    seen: float = 30.0
    alive: float = 5.0
    unsent: float = 60.0


class Journal:
    """Noting never waits; `run` writes. Memory is bounded by the number of symbols and MAX_STATUSES.

    `everything` gives all that the feed knows, as a full batch.
    """

    def __init__(
        self,
        publisher: Publisher,
        *,
        everything: Callable[[], PriceBatch],
        pace: JournalPace | None = None,
    ) -> None:
        self._publisher = publisher
        self._everything = everything
        self._pace = pace or JournalPace()
        self._statuses: deque[str] = deque(maxlen=MAX_STATUSES)
        self._quotes: dict[tuple[str, str], WireQuote] = {}
        self._seen: dict[tuple[str, str], tuple[datetime, datetime]] = {}
        self._alive: dict[str, datetime] = {}
        self._kept_seq = 0
        self._said_at = float("-inf")

    def note_status(self, status: FeedStatus) -> None:
        """The feed's state changed."""
        self._statuses.append(status_text(status, datetime.now(UTC)))

    def note_quotes(self, quotes: Iterable[WireQuote]) -> None:
        """These left in a batch."""
        self._quotes.update({(quote.exchange, quote.symbol): quote for quote in quotes})

    def note_seen(self, keys: Iterable[tuple[str, str]]) -> None:
        """Something came of each of these (exchange, symbol) just now."""
        now = datetime.now(UTC)
        self._seen.update({key: (self._seen[key][0] if key in self._seen else now, now) for key in keys})

    def note_alive(self, exchange: str) -> None:
        """Prices of this exchange are alive now."""
        self._alive[exchange] = datetime.now(UTC)

    async def run(self) -> None:
        """Write what was noted, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._every(self._pace.events, self._keep_events), name="durable events")
            tasks.create_task(self._every(self._pace.latest, self._keep_latest), name="last prices")
            tasks.create_task(self._every(self._pace.seen, self._keep_seen), name="symbols seen")
            tasks.create_task(self._every(self._pace.alive, self._keep_alive), name="signs of life")
            tasks.create_task(self._every(self._pace.unsent, self._look_for_unsent), name="unsent alerts")

    async def _every(self, seconds: float, keep: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await keep()
            except DatabaseError as exc:
                self._say(exc)

    async def _keep_events(self) -> None:
        while self._statuses:
            text = self._statuses[0]
            await self._keep_event(STATUS, text)
            if self._statuses[0] is text:  # only now: a change of state waits until it is a row
                self._statuses.popleft()
        if self._quotes:
            quotes, self._quotes = self._quotes, {}
            try:
                await self._keep_event(PRICES, prices_text(self._everything(), quotes.values()))
            except DatabaseError:
                self._quotes = quotes | self._quotes  # they go with the next
                raise

    async def _keep_event(self, channel: str, text: str) -> None:
        event = await in_thread(durable.store, channel, text)
        await self._publisher.event(event)

    async def _keep_latest(self) -> None:
        batch = self._everything()
        if batch.seq != self._kept_seq and await latest.store(batch):
            self._kept_seq = batch.seq

    async def _keep_seen(self) -> None:
        if self._seen:
            times, self._seen = self._seen, {}
            await in_thread(seen.note_seen, times)

    async def _keep_alive(self) -> None:
        alive, self._alive = self._alive, {}
        for exchange, at in alive.items():
            await in_thread(seen.note_alive, exchange, at)

    async def _look_for_unsent(self) -> None:
        if unsent := await in_thread(outbox.unsent):
            logger.warning("%s", unsent)

    def _say(self, exc: DatabaseError) -> None:
        if time.monotonic() - self._said_at >= SAY_EVERY:
            self._said_at = time.monotonic()
            logger.warning("the database does not take what the feed writes: %s", str(exc).strip())


def status_text(status: FeedStatus, now: datetime) -> str:
    """The durable event of a change of state: the protocol's status with its reason."""
    words = {"feed": status.feed, "source": status.source, "reason": status.reason}
    return json.dumps({**words, "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z")})


def prices_text(place: PriceBatch, quotes: Iterable[WireQuote]) -> str:
    """The durable event of at most a second's prices; written as text because a number keeps its digits."""
    cursor = Cursor(place.epoch, place.seq)
    return f'{{"cursor":"{cursor}","data":[{",".join(quote.json() for quote in quotes)}]}}'
