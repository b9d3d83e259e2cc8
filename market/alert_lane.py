"""Alerts to the clients of this process: at once to whoever may see them, later to whoever could not be reached.

Beside the prices: who is asked for what here depends on the viewer, not on symbols or rates. Nothing is dropped: a
reader that lagged, or came back with the number of its last alert, gets the rest from memory or from the rows, and
hears again what was done with alerts that it had.
"""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import Error as DatabaseError

from market.core.alert_log import ALERT, AlertLog, Deed, HeldAlert, News
from market.core.arrivals import Arrivals
from market.core.messages import StoredEvent
from market.core.viewer import NOBODY, Viewer
from market.core.wire import time_text

if TYPE_CHECKING:
    from market.cohort import Member

SKIPPED = "alerts_skipped"
RULES = "thresholds"
RETRY = 1.0  # seconds before rows are asked for again when the database did not answer


@dataclass(frozen=True, slots=True)
class Missed:
    """Alerts told after another one, in that order; `skipped` older ones were left out."""

    alerts: list[HeldAlert]
    skipped: int = 0

    def __bool__(self) -> bool:
        return bool(self.alerts)


# What a viewer may see of what was told after an alert, from the rows. Raises DatabaseError.
ReadRows = Callable[[Viewer, int], Awaitable[Missed]]
Frames = dict[Any, bytes]


class AlertReader:
    """How far one client has read. `held`: it waits for an answer about its viewer or of the rows."""

    __slots__ = (
        "_had",
        "_lane",
        "_member",
        "_number",
        "_place",
        "_rows",
        "_task",
        "held",
        "paused",
        "session",
        "viewer",
    )

    def __init__(self, lane: "AlertLane", member: "Member") -> None:
        self.viewer = NOBODY
        self.session = ""  # what the viewer is looked up by, again and again
        self.paused = False
        self.held = False
        self._lane = lane
        self._member = member
        self._place = lane.log.place
        self._number = 0  # of the last alert that the viewer was told of, or could have been
        self._rows: deque[tuple[str, bytes]] = deque()
        self._had: frozenset[int] = frozenset()  # came as rows; may come by the layer too
        self._task: asyncio.Task[None] | None = None

    def begin(self, viewer: Viewer | Awaitable[Viewer], since: int | None) -> None:
        """From now on, and before that what came after the alert `since`."""
        self._place = self._lane.log.place
        if isinstance(viewer, Viewer):
            self._begin_as(viewer, since)
        else:
            self.held = True
            # Two tasks: one that is cancelled before it began would leave a coroutine behind that nobody awaits.
            self._task = asyncio.ensure_future(self._begin_later(asyncio.ensure_future(viewer), since))

    def take(self, news: News, frames: Frames) -> None:
        """News as it comes. Whoever cannot take it now finds it later where it stopped reading."""
        if self.paused or self.held:
            return
        self._passed(news)
        if self._wants(news):
            wish = self._member.wish
            key = (wish.dialect, wish.frame)
            if key not in frames:
                frames[key] = self._framed(news.kind, news.text)
            self._member.outlet.write(frames[key])

    def go_on(self) -> None:
        """Write what waits, as long as the connection takes it."""
        while self._rows and not self.paused and not self.held:
            kind, text = self._rows.popleft()
            self._member.outlet.write(self._framed(kind, text))
        if self.paused or self.held:
            return
        told = self._lane.log.told_since(self._place)
        if told is None:
            self._fetch(self._number)
            return
        for news in told:
            self._passed(news)
            if self._wants(news):
                self._member.outlet.write(self._framed(news.kind, news.text))
            if self.paused:
                return

    def end(self) -> None:
        self._lane.forget(self)
        if self._task is not None:
            self._task.cancel()

    async def _begin_later(self, viewer: Awaitable[Viewer], since: int | None) -> None:
        who = await viewer
        self.held = False
        self._begin_as(who, since)

    def _begin_as(self, viewer: Viewer, since: int | None) -> None:
        self.viewer = viewer
        if since is None:
            self._number = self._lane.newest_for(viewer)
            self.go_on()
        elif self._lane.log.told_since(self._place) is None or (missed := self._lane.missed(viewer, since)) is None:
            self._fetch(since)
        else:
            # What was told while it was asked who this is comes as well, whatever its number, but not twice.
            self._had = frozenset(alert.number for alert in missed.alerts)
            self._number = self._lane.newest_for(viewer)
            self._give(missed)

    def _fetch(self, since: int) -> None:
        self.held = True
        self._place, self._number = self._lane.log.place, self._lane.newest_for(self.viewer)
        self._task = asyncio.ensure_future(self._read(since))

    async def _read(self, since: int) -> None:
        while True:
            try:
                missed = await self._lane.read_rows(self.viewer, since)
                break
            except DatabaseError:
                await asyncio.sleep(RETRY)
        self._had = frozenset(alert.number for alert in missed.alerts)
        if missed.alerts:
            self._number = missed.alerts[-1].number  # rows were read later than memory was looked at
        self.held = False
        self._give(missed)

    def _give(self, missed: Missed) -> None:
        if missed.skipped:
            self._rows.append((SKIPPED, b'{"count":%d}' % missed.skipped))
        self._rows.extend((ALERT, alert.text) for alert in missed.alerts)
        # Those come as they stand now. What was done with alerts that it has already it may have missed too.
        self._rows.extend(self._lane.done_apart_from(missed, self.viewer))
        self.go_on()

    def _passed(self, news: News) -> None:
        self._place = news.place
        if news.kind == ALERT and news.channel in self.viewer.channels:
            self._number = news.number

    def _wants(self, news: News) -> bool:
        return news.channel in self.viewer.channels and not (news.kind == ALERT and news.number in self._had)

    def _framed(self, kind: str, text: bytes) -> bytes:
        wish = self._member.wish
        return wish.frame(wish.dialect.news(kind, text, self._lane.wall()))


async def _no_rows(viewer: Viewer, since: int) -> Missed:
    return Missed([])


class AlertLane:
    """`wall` is ms since 1970; `on_alert` hears the channel of each new alert; `read_rows` asks the database."""

    def __init__(
        self, *, wall: Callable[[], int], on_alert: Callable[[str], None], read_rows: ReadRows = _no_rows
    ) -> None:
        self.log = AlertLog()
        self.arrivals = Arrivals()
        self.wall = wall
        self.read_rows = read_rows
        self._on_alert = on_alert
        self._readers: set[AlertReader] = set()

    def join(self, reader: AlertReader, viewer: Viewer | Awaitable[Viewer], since: int | None) -> None:
        """Alerts from now on for a member that has joined the audience; `since`: the last one that it knows."""
        self._readers.add(reader)
        reader.begin(viewer, since)

    def forget(self, reader: AlertReader) -> None:
        self._readers.discard(reader)

    def signed_in(self) -> list[AlertReader]:
        """The readers whose viewer may change: a session is behind them."""
        return [reader for reader in self._readers if reader.session]

    def start(self, events: Iterable[StoredEvent], newest: Mapping[str, int]) -> None:
        """What was told before this process began, oldest first, and the number of each channel's newest event."""
        self.arrivals.start(newest)
        for event in events:
            self._keep(event)

    def hear(self, event: StoredEvent) -> None:
        """A new alert, or what somebody did with one; told once, however often it comes. All else is passed over."""
        if self.arrivals.take(event.channel, event.id) and (number := self._keep(event)) is not None:
            news = self.log.tell(event.kind, number, event.channel, event.data.encode())
            self._tell(news)
            if news.kind == ALERT:
                self._on_alert(news.channel)

    def tell_rules_changed(self, channels: Iterable[str]) -> None:
        """Pages ask anew which thresholds there are."""
        for channel in channels:
            self._tell(self.log.tell(RULES, 0, channel, b'{"changed":true}'))

    def newest_for(self, viewer: Viewer) -> int:
        """The number of the alert that was told last of those that `viewer` may see; of all where there is none."""
        return self.log.newest(viewer.channels) or self.log.newest()

    def missed(self, viewer: Viewer, since: int) -> Missed | None:
        """What `viewer` may see of what was told after alert `since`; None when memory does not reach back so far."""
        alerts = self.log.after(since)
        return None if alerts is None else Missed([alert for alert in alerts if alert.channel in viewer.channels])

    def _tell(self, news: News) -> None:
        frames: Frames = {}
        for reader in tuple(self._readers):
            reader.take(news, frames)

    def done_apart_from(self, missed: Missed, viewer: Viewer) -> list[tuple[str, bytes]]:
        """What was done last with other alerts than these, of those that are not too long ago to be remembered."""
        numbers = frozenset(alert.number for alert in missed.alerts)
        deeds = self.log.deeds(viewer.channels, now=time_text(self.wall()), apart_from=numbers)
        return [(deed.kind, deed.text) for deed in deeds]

    def _keep(self, event: StoredEvent) -> int | None:
        """Remember the alert as it stands now; its number, None for an event of another kind."""
        data = json.loads(event.data)
        number = data.get("id" if event.kind == ALERT else "alert")
        if not isinstance(number, int):
            return None
        if event.kind == ALERT:
            self.log.remember(HeldAlert(number, event.channel, event.data.encode(), event.row))
            return number
        until = None if data["acknowledged"] else data["until"]
        self.log.note(Deed(number, event.kind, event.channel, event.data.encode(), until))
        if (known := self.log.get(number)) is not None:
            self.log.remember(known.revised(acknowledged=data["acknowledged"], snoozed_until=data["until"]))
        return number


def settled_text(data: Mapping[str, Any], by: str) -> str:
    """What clients are told of an alert (its JSON) that `by` acknowledged or snoozed."""
    words = {
        "alert": data["id"],
        "by": by,
        "acknowledged": data["acknowledged"],
        "until": data["snoozed_until"],
    }
    return json.dumps(words, ensure_ascii=False, separators=(",", ":"))
