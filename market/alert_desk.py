"""Rows of alerts for clients: what they missed, and what they do with them. Threads and connections of our own.

Who may see an alert is asked of the database here and of `Viewer.channels` everywhere else, and is the same: everybody,
who is signed in, staff, or its owner; what belongs to nobody any more is for staff.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from market import durable
from market.alert_lane import Missed, settled_text
from market.alert_text import alert_json, alert_text
from market.core.alert_log import ACKED, KEPT, SNOOZED, HeldAlert
from market.core.messages import StoredEvent
from market.core.viewer import EVERYONE, OWNER, SIGNED_IN, Viewer, alert_channel
from market.json_error import Refused
from market.models import Alert
from market.own_threads import OwnThreads

LONGEST_SNOOZE = 7 * 24 * 60  # minutes
LONGEST_NAME = 100  # of a recipient

apart = OwnThreads(2, "alerts")


@dataclass(frozen=True, slots=True)
class Settled:
    """An alert that was acknowledged or snoozed: what clients are told, as JSON, and the event that tells them.

    That is None where it already was: only whoever asked needs to know.
    """

    text: str
    event: StoredEvent | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which alerts are asked for; empty: any."""

    symbol: str
    severity: str
    since: int | None
    limit: int


def visible_to(viewer: Viewer) -> QuerySet[Alert]:
    """The alerts that a viewer may see."""
    chosen = Q(audience=EVERYONE)
    if viewer.user_id is not None:
        chosen |= Q(audience=SIGNED_IN) | Q(audience=OWNER, owner=viewer.user_id)
    if viewer.is_staff:
        chosen |= ~Q(audience__in=(EVERYONE, SIGNED_IN, OWNER)) | Q(audience=OWNER, owner=None)
    return Alert.objects.filter(chosen)


async def read_missed(viewer: Viewer, since: int) -> Missed:
    """The newest KEPT alerts that were told after alert `since`, of those that the viewer may see.

    Raises DatabaseError.
    """
    return await apart(missed_rows, viewer, since)


def missed_rows(viewer: Viewer, since: int) -> Missed:
    told = list(durable.newest_alerts(viewer.channels, KEPT + 1))
    numbers = list(dict.fromkeys(number for event in told if (number := _number(event)) is not None))
    if since in numbers:
        return Missed(_as_they_stand(numbers[numbers.index(since) + 1 :]))
    newer = [number for number in numbers[-KEPT:] if number > since]
    older = visible_to(viewer).filter(pk__gt=since, pk__lt=min(newer)).count() if len(told) > KEPT and newer else 0
    return Missed(_as_they_stand(newer), older)


def _number(event: StoredEvent) -> int | None:
    number = json.loads(event.data).get("id")
    return number if isinstance(number, int) else None


def _as_they_stand(numbers: list[int]) -> list[HeldAlert]:
    rows = Alert.objects.in_bulk(numbers)
    return [held(rows[number]) for number in numbers if number in rows]


def held(row: Alert) -> HeldAlert:
    return HeldAlert(row.pk, alert_channel(row.audience, row.owner_id), alert_text(row).encode())


def chosen_rows(viewer: Viewer, chosen: Chosen) -> list[str]:
    """The JSON of each: above `since` the oldest first, else the newest first."""
    rows = visible_to(viewer).order_by("-pk" if chosen.since is None else "pk")
    if chosen.since is not None:
        rows = rows.filter(pk__gt=chosen.since)
    if chosen.symbol:
        rows = rows.filter(symbol=chosen.symbol)
    if chosen.severity:
        rows = rows.filter(severity=chosen.severity)
    return [alert_text(row) for row in rows[: chosen.limit]]


def shown(number: int) -> dict[str, Any]:
    """One alert's JSON, for who holds a signed link to it. Raises Refused: not_found."""
    row = Alert.objects.filter(pk=number).first()
    if row is None:
        raise Refused(404, "not_found", f"There is no alert {number}.")
    return alert_json(row)


async def acknowledge(number: int, viewer: Viewer) -> Settled:
    """Raises Refused: not_found, forbidden."""
    return await apart(_acknowledge_as, number, viewer)


async def acknowledge_by_link(number: int, by: str) -> Settled:
    """The same for whoever holds a signed link; `by` is the name it was sent to."""
    return await apart(_acknowledge, Alert.objects.all(), number, {"acknowledged_through": by[:LONGEST_NAME]}, by)


async def snooze(number: int, viewer: Viewer, minutes: int) -> Settled:
    """Raises Refused: bad_field, not_found, forbidden."""
    if not 1 <= minutes <= LONGEST_SNOOZE:
        raise Refused(400, "bad_field", f"minutes is a whole number from 1 to {LONGEST_SNOOZE}")
    return await apart(_snooze, number, viewer, minutes)


def _acknowledge_as(number: int, viewer: Viewer) -> Settled:
    _require_right(number, viewer)
    return _acknowledge(visible_to(viewer), number, {"acknowledged_by_id": viewer.user_id}, viewer.name)


def _acknowledge(alerts: QuerySet[Alert], number: int, fields: Mapping[str, Any], by: str) -> Settled:
    with transaction.atomic():
        # Only the first one: the row count says who it was.
        open_one = alerts.filter(pk=number, acknowledged_at=None)
        first = bool(open_one.update(acknowledged_at=timezone.now(), **fields))
        return _settled(number, ACKED, by if first else None)


def _snooze(number: int, viewer: Viewer, minutes: int) -> Settled:
    _require_right(number, viewer)
    with transaction.atomic():
        visible_to(viewer).filter(pk=number).update(snoozed_until=timezone.now() + timedelta(minutes=minutes))
        return _settled(number, SNOOZED, viewer.name)


def _settled(number: int, kind: str, by: str | None) -> Settled:
    """The row as it stands now, stored as an event when `by` changed it."""
    row = Alert.objects.select_related("acknowledged_by").filter(pk=number).first()
    if row is None:
        raise Refused(404, "not_found", f"there is no alert {number}")
    text = settled_text(alert_json(row), row.acknowledged_name if by is None else by)
    channel = alert_channel(row.audience, row.owner_id)
    return Settled(text, None if by is None else durable.store(channel, text, kind=kind))


def _require_right(number: int, viewer: Viewer) -> None:
    """Staff and the owner may acknowledge and snooze what they may see; others learn nothing of what they may not."""
    row = visible_to(viewer).filter(pk=number).only("owner_id").first()
    if row is None:
        raise Refused(404, "not_found", f"there is no alert {number}")
    if not viewer.may_settle(row.owner_id):
        raise Refused(403, "forbidden", "only staff and the owner of its rule may do this")
