"""Everybody who listens in this process: cohorts that are up to date, and readers that lag behind."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from market.alert_lane import AlertLane
from market.candle_lane import CandleLane
from market.cohort import Cohort, Key, Member, Wish
from market.core.cursor import Cursor
from market.core.dialect import NOTHING_READ, Dialect, Opening
from market.core.line import NEVER

if TYPE_CHECKING:
    from market.hub import Hub

# A paused reader whose buffer has not moved for this long (seconds) is cut off.
STALLED_AFTER = 15.0


class Audience:
    """Each frame is made once per cohort and written to its members; a member whose buffer is full is left alone

    until it drains, and then gets one frame with everything newer than its cursor.
    """

    def __init__(self, hub: "Hub", heartbeat: int, alerts: AlertLane, candles: CandleLane) -> None:
        self.alerts = alerts
        self.candles = candles
        self.delivered = Counter[str]()  # price frames written, by transport
        self.joined = Counter[str]()  # connections, by transport
        self.returned = Counter[str]()  # those of them that came with a cursor
        self.cut_off = 0  # readers that stood still
        self._hub = hub
        self._heartbeat = heartbeat
        self._cohorts: dict[Wish, Cohort] = {}
        self._paused: set[Member] = set()
        self._sizes = Counter[str]()

    def sizes(self) -> Mapping[str, int]:
        return {"ws": self._sizes["ws"], "sse": self._sizes["sse"]}

    @property
    def lagging(self) -> int:
        """Members that are left alone until their buffer drains."""
        return len(self._paused)

    # Members come, change and go.

    def join(self, member: Member, since: Cursor | None) -> None:
        """Greet a new subscriber: connected, the feed's state, and the snapshot or what is newer than `since`."""
        hub, wish, place = self._hub, member.wish, self._hub.place_of(since)
        hub.flush()
        member.outlet.listener = member
        self._sizes[wish.dialect.transport] += 1
        self.joined[wish.dialect.transport] += 1
        self.returned[wish.dialect.transport] += since is not None
        cohort = self._enter(member)
        wall = hub.wall()
        member.outlet.write(wish.frame(wish.dialect.connected(self._heartbeat, wall)))
        member.outlet.write(wish.frame(wish.dialect.status(hub.state.words(), wall)))
        if place == NEVER:
            member.outlet.write(self._snapshot(cohort))
        else:
            self._catch_up(member, place)

    def change(self, member: Member, wish: Wish) -> None:
        """Another set of symbols or another rate, from now on; what the old rate held back comes at once."""
        self._hub.flush()
        cohort = member.cohort
        self._exit(member)
        member.wish = wish
        if cohort is not None:  # else it is paused, and catches up when it resumes
            self._enter(member)
            self._catch_up(member, cohort.read_to if cohort.wish.interval else self._hub.flushed)

    def leave(self, member: Member) -> None:
        """Forget a subscriber; harmless when it was forgotten before."""
        if member.outlet.listener is member:
            member.outlet.listener = None
            self._sizes[member.wish.dialect.transport] -= 1
            self._exit(member)
            self._paused.discard(member)
            member.alerts.end()
            member.candles.end()

    def pause(self, member: Member) -> None:
        """Its buffer is full: it has everything up to now, and gets the rest in one frame when it drains."""
        hub = self._hub
        self._exit(member)
        member.alerts.paused = member.candles.paused = True
        member.epoch, member.cursor = hub.epoch, hub.flushed
        member.said, member.watched = hub.feed.changes, hub.names.keys
        member.paused_at, member.backlog = hub.clock(), member.outlet.backlog()
        self._paused.add(member)

    def resume(self, member: Member) -> None:
        """Its buffer has room again: what it missed, in one frame each."""
        if member not in self._paused:
            return
        self._paused.discard(member)
        hub, wish = self._hub, member.wish
        hub.flush()
        # Noted before the first write: one that fills the buffer again pauses the member, which is then up to date.
        watched, said = member.watched, member.said
        cursor = member.cursor if member.epoch == hub.epoch else NEVER
        self._enter(member)
        member.alerts.paused = member.candles.paused = False
        # First: where each write pauses (TaskOutlet), prices that keep coming would never let an alert through.
        member.alerts.go_on()
        member.candles.go_on()
        if watched is not hub.names.keys:  # each list is another set, even of the same symbols
            member.outlet.write(wish.frame(hub.symbols_message(wish.dialect, watched)))
        if said != hub.feed.changes:
            member.outlet.write(wish.frame(wish.dialect.status(hub.state.words(), hub.wall())))
        self._catch_up(member, cursor)

    def snapshot(self, wish: Wish) -> bytes:
        """The framed snapshot of exactly `wish`."""
        items = self._items(wish, NEVER)
        return wish.frame(wish.dialect.snapshot(self._hub.cursor, self._hub.wall(), items))

    # What is said to many.

    def write(self, texts: Mapping[Key, bytes], tests: list[tuple[Key, bytes]], since: int) -> bool:
        """One flush: `texts` of the symbols that changed after batch `since`, and test quotes beside them.

        Whether there was anybody to write to.
        """
        now, somebody = self._hub.clock(), False
        shares: dict[Dialect, _Share] = {}
        for cohort in list(self._cohorts.values()):
            dialect = cohort.wish.dialect
            if dialect not in shares:
                shares[dialect] = _Share(dialect, self._opening(dialect, since), texts, tests)
            share = shares[dialect]
            if cohort.wish.interval:
                self._pace(cohort)
                items = share.tests_of(cohort.wish.keys)
            else:
                items = share.of(cohort.wish.keys)
            if items:
                self.delivered[dialect.transport] += len(cohort.members)
                cohort.write(dialect.update(share.opening, items), now)
                somebody = True
        return somebody

    def tell_all(self, say: Callable[[Dialect], bytes]) -> None:
        """Something that is no price. Who is paused hears of it when it resumes."""
        said: dict[Dialect, bytes] = {}
        for cohort in list(self._cohorts.values()):
            cohort.snapshot = ("", b"")
            dialect = cohort.wish.dialect
            if dialect not in said:
                said[dialect] = say(dialect)
            cohort.write(said[dialect], self._hub.clock())

    def begin(self) -> None:
        """Another epoch: whoever is behind gets everything."""
        for cohort in self._cohorts.values():
            cohort.read_to = NEVER

    def tick(self) -> None:
        """Heartbeats for cohorts that heard nothing, the end of readers that stand still."""
        hub, now = self._hub, self._hub.clock()
        for cohort in list(self._cohorts.values()):
            if now - cohort.spoke_at >= self._heartbeat:
                cohort.write(cohort.wish.dialect.heartbeat(hub.cursor, hub.wall()), now)
        for member in list(self._paused):
            backlog = member.outlet.backlog()
            if backlog < member.backlog:
                member.backlog, member.paused_at = backlog, now
            elif now - member.paused_at > STALLED_AFTER:
                self.cut_off += 1
                self.leave(member)
                member.outlet.kill()

    def _catch_up(self, member: Member, since: int) -> None:
        wish = member.wish
        if items := self._items(wish, since):
            self.delivered[wish.dialect.transport] += 1
            member.outlet.write(wish.frame(wish.dialect.update(self._opening(wish.dialect, since), items)))

    def _items(self, wish: Wish, since: int) -> list[bytes]:
        return [wish.dialect.item(line.text(since)) for line in self._hub.newer(wish.keys, since)]

    def _opening(self, dialect: Dialect, since: int) -> Opening:
        hub = self._hub
        before = NOTHING_READ if since == NEVER else str(Cursor(hub.epoch, since))
        return dialect.opening(hub.cursor, before, hub.wall())

    def _snapshot(self, cohort: Cohort) -> bytes:
        if cohort.snapshot[0] != self._hub.cursor:
            cohort.snapshot = (self._hub.cursor, self.snapshot(cohort.wish))
        return cohort.snapshot[1]

    def _pace(self, cohort: Cohort) -> None:
        """A cohort with a rate of its own: at once when it is due, else when its time comes."""
        if cohort.timer is None:
            wait = max(0.0, cohort.due_at - self._hub.clock())
            cohort.timer = asyncio.get_running_loop().call_later(wait, self._write_paced, cohort)

    def _write_paced(self, cohort: Cohort) -> None:
        cohort.timer = None
        dialect, since = cohort.wish.dialect, cohort.read_to
        items = self._items(cohort.wish, since)
        cohort.read_to = self._hub.seq
        if items:
            now = self._hub.clock()
            cohort.due_at = now + cohort.wish.interval
            self.delivered[dialect.transport] += len(cohort.members)
            cohort.write(dialect.update(self._opening(dialect, since), items), now)

    def _enter(self, member: Member) -> Cohort:
        cohort = self._cohorts.get(member.wish)
        if cohort is None:
            cohort = self._cohorts[member.wish] = Cohort(member.wish, self._hub.clock(), self._hub.seq)
        cohort.members[member] = member.outlet.write
        member.cohort = cohort
        return cohort

    def _exit(self, member: Member) -> None:
        cohort, member.cohort = member.cohort, None
        if cohort is None:
            return
        del cohort.members[member]
        if not cohort.members:
            if cohort.timer is not None:
                cohort.timer.cancel()
            del self._cohorts[cohort.wish]


class _Share:
    """What one flush says in one dialect; each symbol's item is made once."""

    def __init__(
        self,
        dialect: Dialect,
        opening: Opening,
        texts: Mapping[Key, bytes],
        tests: list[tuple[Key, bytes]],
    ) -> None:
        self.opening = opening
        self._items = {key: dialect.item(text) for key, text in texts.items()}
        self._changed = frozenset(texts)
        self._all = list(self._items.values())
        self._tests = [(key, dialect.item(text)) for key, text in tests]

    def of(self, keys: frozenset[Key] | None) -> list[bytes]:
        items = self._items
        mine = self._all if keys is None else [items[key] for key in self._changed & keys]
        return mine + self.tests_of(keys) if self._tests else mine

    def tests_of(self, keys: frozenset[Key] | None) -> list[bytes]:
        return [item for key, item in self._tests if keys is None or key in keys]
