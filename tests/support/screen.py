"""What one client of a running pricefeed was shown, and whether it was right."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from market.core.cursor import Cursor, parse_cursor

Quote = Mapping[str, Any]


class Screen:
    """What a page would show. Times are monotonic seconds.

    `states` are the changes of the feed's state, `fresh_at` the moments at which a newer price came, `wrong` what must
    not be: the same twice, a cursor or a price that goes back.
    """

    def __init__(self) -> None:
        self.states: list[tuple[float, str]] = []
        self.fresh_at: list[float] = []
        self.wrong: list[str] = []
        self.cursor = ""
        self._quotes: dict[str, Quote] = {}
        # Of this connection:
        self._place: Cursor | None = None
        self._told: dict[str, Quote] = {}

    def begin(self) -> None:
        """A new connection: it may be told again what an earlier one was told."""
        self._place = None
        self._told = {}

    def say(self, feed: str) -> None:
        if self.feed != feed:
            self.states.append((time.monotonic(), feed))

    @property
    def feed(self) -> str:
        return self.states[-1][1] if self.states else ""

    def update(self, text: str, quotes: Iterable[Quote]) -> None:
        """Prices of one message, with its cursor."""
        place = parse_cursor(text)
        if place is not None and self._place is not None and not _follows(place, self._place):
            self.wrong.append(f"{place} after {self._place}")
        self.cursor, self._place = text, place
        self.show(quotes)

    def show(self, quotes: Iterable[Quote]) -> None:
        fresh = False
        for quote in quotes:
            held = self._quotes.get(quote["symbol"])
            if held is not None and quote["timestamp"] < held["timestamp"]:
                self.wrong.append(f"{quote['symbol']}: {quote['timestamp']} after {held['timestamp']}")
            if self._told.get(quote["symbol"]) == quote:
                self.wrong.append(f"{quote['symbol']}: {quote['timestamp']} twice")
            fresh |= held is None or quote["timestamp"] > held["timestamp"]
            self._quotes[quote["symbol"]] = self._told[quote["symbol"]] = quote
        if fresh:
            self.fresh_at.append(time.monotonic())

    def told(self, feed: str, since: float) -> float | None:
        """Seconds from `since` until the client knew that the feed is in this state; None: it does not know."""
        if self.feed == feed and self.states[-1][0] <= since:
            return 0.0
        return next((at - since for at, state in self.states if at >= since and state == feed), None)

    def fresh_after(self, since: float) -> float | None:
        """Seconds from `since` until a newer price; None: not yet."""
        return next((at - since for at in self.fresh_at if at > since), None)

    def longest_gap(self, since: float, until: float | None = None) -> float:
        """The longest time without a newer price between two moments (`until` None: now)."""
        until = until or time.monotonic()
        marks = [since, *(at for at in self.fresh_at if since < at < until), until]
        return max(later - earlier for earlier, later in zip(marks, marks[1:], strict=False))


def _follows(place: Cursor, before: Cursor) -> bool:
    return (place.epoch, place.seq) > (before.epoch, before.seq)
