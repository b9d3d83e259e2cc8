"""A reader in memory: an Outlet that takes bytes, stops when told, and knows what its client would show."""

import json
from decimal import Decimal
from typing import Any

from market.cohort import Key, Member, Wish
from market.core.cursor import Cursor, parse_cursor
from market.core.dialect import WEBSOCKET
from market.core.framing import plain
from market.hub import Hub
from market.outlet import Flow


class Reader:
    """Speaks the WebSocket dialect without its framing. `shown` is what a page would show per symbol."""

    def __init__(self, hub: Hub, keys: frozenset[Key] | None = None, *, interval: float = 0.0) -> None:
        self.listener: Flow | None = None
        self.hub = hub
        self.wish = Wish(keys, interval, WEBSOCKET, plain)
        self.member: Member | None = None
        self.shown: dict[str, dict[str, Any]] = {}
        self.messages: list[dict[str, Any]] = []
        self.cursor: Cursor | None = None
        self.killed = False
        self.unsent = 0
        self.went_back = False

    def connect(self) -> "Reader":
        self.member = Member(self.hub.audience, self, self.wish)
        self.hub.audience.join(self.member, self.cursor)
        return self

    def disconnect(self) -> None:
        if self.member is not None:
            self.member.lost()
        self.member = None

    def stall(self) -> None:
        if self.member is not None and self.listener is not None and self.member.cohort is not None:
            self.listener.paused()

    def drain(self) -> None:
        if self.listener is not None:
            self.listener.resumed()

    def write(self, frame: bytes, /) -> None:
        message = json.loads(frame, parse_float=Decimal, parse_int=Decimal)
        self.messages.append(message)
        if "cursor" in message:
            self.cursor = parse_cursor(message["cursor"])
        for quote in message.get("data", ()):
            if quote["source"] != "test":
                self._show(quote)

    def _show(self, quote: dict[str, Any]) -> None:
        held = self.shown.setdefault(quote["symbol"], {})
        if held and held["source"] == quote["source"]:
            # Noted, not raised: this runs in a callback of the loop, which would only log it.
            self.went_back |= quote["timestamp"] < held["timestamp"]
        held.update(quote)

    def backlog(self) -> int:
        return self.unsent

    def kill(self) -> None:
        self.killed = True
        self.disconnect()

    def kinds(self) -> list[str]:
        return [message["type"] for message in self.messages]
