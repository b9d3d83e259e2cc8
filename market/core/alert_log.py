"""The newest alerts of one process, and what was done with them, in the order in which they were told.

Questions are answered here without the database: "what was told after place P" for a reader that lagged, and for one
that comes back "which alerts were told after alert N" and "what was done with those before". Numbers of alerts need not
rise in that order: a digest is numbered when it is begun and told when it is complete.
"""

import re
from collections import deque
from collections.abc import Container
from dataclasses import dataclass, replace

ALERT, ACKED, SNOOZED = "alert", "acked", "snoozed"

# Alerts, and pieces of news, that are kept.
KEPT = 500

# A quote inside of a JSON text has a backslash before it, so that these match the keys only.
_ACKNOWLEDGED = re.compile(rb'(?<!\\)"acknowledged": ?(?:true|false)')
_SNOOZED = re.compile(rb'(?<!\\)"snoozed_until": ?(?:null|"[^"\\]*")')


@dataclass(frozen=True, slots=True)
class HeldAlert:
    """An alert as it stands: `text` is its JSON, `channel` says who may see it, `row` rises as they are stored."""

    number: int
    channel: str
    text: bytes
    row: int = 0

    def revised(self, *, acknowledged: bool, snoozed_until: str | None) -> "HeldAlert":
        """After somebody acknowledged or snoozed it. Only that is rewritten: numbers keep their digits."""
        text = _ACKNOWLEDGED.sub(b'"acknowledged":true' if acknowledged else b'"acknowledged":false', self.text)
        until = b"null" if snoozed_until is None else b'"%b"' % snoozed_until.encode()
        return replace(self, text=_SNOOZED.sub(b'"snoozed_until":' + until, text))


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done last with an alert; `text` is what clients are told, `until` the end of a snooze."""

    number: int
    kind: str
    channel: str
    text: bytes
    until: str | None = None


@dataclass(frozen=True, slots=True)
class News:
    """One thing to tell. `place` counts up in this process; `text` is a JSON object."""

    place: int
    kind: str
    number: int
    channel: str
    text: bytes


class AlertLog:
    """What is older than all that is kept is in the database only."""

    def __init__(self, kept: int = KEPT) -> None:
        self.place = 0
        self.floor = 0  # alerts up to this number may be missing here
        self._dropped = 0  # the one before all that are kept
        self._kept = kept
        self._news: deque[News] = deque(maxlen=kept)
        self._held: dict[int, HeldAlert] = {}
        self._deeds: dict[int, Deed] = {}  # by alert, the newest last

    def newest(self, channels: Container[str] | None = None) -> int:
        """The number of the alert that was told last, on one of `channels` where given; 0 for none."""
        told = reversed(self._held.values())
        return next((alert.number for alert in told if channels is None or alert.channel in channels), 0)

    def get(self, number: int) -> HeldAlert | None:
        return self._held.get(number)

    def remember(self, alert: HeldAlert) -> None:
        """A new alert, or one as it stands now; in its place in the order."""
        self._held[alert.number] = alert
        while len(self._held) > self._kept:
            oldest = next(iter(self._held))
            self.floor = max(self.floor, oldest)
            self._dropped = oldest
            del self._held[oldest]

    def note(self, deed: Deed) -> None:
        """Somebody acknowledged or snoozed an alert."""
        self._deeds.pop(deed.number, None)
        self._deeds[deed.number] = deed
        while len(self._deeds) > self._kept:
            del self._deeds[next(iter(self._deeds))]

    def deeds(self, channels: Container[str], *, now: str, apart_from: Container[int] = ()) -> list[Deed]:
        """What was done with other alerts, and holds at `now` (as clients are told times)."""
        deeds = (deed for deed in self._deeds.values() if deed.channel in channels and deed.number not in apart_from)
        return [deed for deed in deeds if deed.until is None or deed.until > now]

    def tell(self, kind: str, number: int, channel: str, text: bytes) -> News:
        self.place += 1
        news = News(self.place, kind, number, channel, text)
        self._news.append(news)
        return news

    def told_since(self, place: int) -> list[News] | None:
        """The news after `place`; None when some of it is gone."""
        behind = self.place - place
        if behind > len(self._news):
            return None
        return [self._news[index] for index in range(len(self._news) - behind, len(self._news))]

    def after(self, number: int) -> list[HeldAlert] | None:
        """The alerts told or stored after alert `number`, or above it where it is unknown; None: ask the rows.

        Told here and stored are two orders where the layer lost something: who came from another process goes by the
        other one. Better twice than never.
        """
        if (last := self._held.get(number)) is not None:
            told = list(self._held).index(number)
            places = enumerate(self._held.values())
            return [alert for place, alert in places if place > told or alert.row > last.row]
        if number == self._dropped:
            return list(self._held.values())
        if number <= self.floor:
            return None
        return [alert for alert in self._held.values() if alert.number > number]
