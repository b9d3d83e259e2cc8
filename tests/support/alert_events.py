"""Stored events of alerts as they cross the layer, made without a database."""

import json
from itertools import count
from typing import Any

from market.core.messages import StoredEvent
from market.core.viewer import alert_channel


class AlertStore:
    """Numbers events of each channel as the rows do; `told` are the alerts in the order in which they were stored."""

    def __init__(self) -> None:
        self._ids: dict[str, Any] = {}
        self.events: list[StoredEvent] = []

    def alert(self, number: int, audience: str = "everyone", owner: int | None = None, **more: Any) -> StoredEvent:
        fields = {"id": number, "text": f"alert {number}", "audience": audience, "owner": owner}
        fields |= {"acknowledged": False, "snoozed_until": None, **more}
        return self._store(alert_channel(audience, owner), "alert", fields)

    def acked(self, number: int, by: str, channel: str = "alerts") -> StoredEvent:
        fields = {"alert": number, "by": by, "acknowledged": True, "until": None}
        return self._store(channel, "acked", fields)

    def snoozed(self, number: int, until: str) -> StoredEvent:
        return self._store("alerts", "snoozed", {"alert": number, "by": "bob", "acknowledged": False, "until": until})

    @property
    def places(self) -> dict[str, int]:
        return {event.channel: event.id for event in self.events}

    def _store(self, channel: str, kind: str, fields: dict[str, Any]) -> StoredEvent:
        number = next(self._ids.setdefault(channel, count(1)))
        event = StoredEvent(channel, number, kind, json.dumps(fields), len(self.events) + 1)
        self.events.append(event)
        return event
