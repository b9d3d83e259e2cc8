"""The durable lane: events that are rows first and messages second. The one door to django-eventstream.

The process that decides calls `store` (a row with an id), then tells the others over the channel layer; each
web process calls `wake` for its own listeners. A listener that missed the call reads the rows, by its
`Last-Event-ID` or because `wake` noticed the gap. django-eventstream's own ways between processes are not
used: its Redis listener dies at the first lost connection and its storage takes seven queries an event.
"""

import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, cast
from urllib.parse import unquote

from django.core.serializers.json import DjangoJSONEncoder
from django.db import Error as DatabaseError
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from django_eventstream.channelmanager import ChannelManagerBase
from django_eventstream.event import Event
from django_eventstream.models import Event as EventRow
from django_eventstream.models import EventCounter
from django_eventstream.storage import EventDoesNotExist, StorageBase
from django_eventstream.views import events as stream_events
from django_eventstream.views import get_listener_manager

from market import bulk_rows
from market.core.messages import StoredEvent
from market.core.viewer import NOBODY, PUBLIC_CHANNEL, SIGNED_IN_CHANNEL, STAFF_CHANNEL, Viewer, alert_channel
from market.json_error import json_error
from market.long_responses import LongResponses
from market.origin import allowed_origin, cors_headers

CHANNELS = ("status", "alerts", "prices")

# What a client's `addEventListener` names, per channel.
KINDS = {"status": "status", "alerts": "alert", "prices": "price_update"}

# Alerts that are not for everybody have channels of their own; `user-<id>` is one user's.
AUDIENCES = (SIGNED_IN_CHANNEL, STAFF_CHANNEL)

# A stream that not everybody may read ends after this long (seconds), and its client comes back at once and is asked
# who it is again: nobody listens on after signing out.
PRIVATE_FOR = 300.0

# How long a client may be away and still get everything it missed; later it is told `stream-reset`.
RETENTION = {
    "status": timedelta(hours=24),
    "alerts": timedelta(days=30),
    "prices": timedelta(minutes=2),
}
PRIVATE_RETENTION = RETENTION["alerts"]

TRIM_EVERY = 64  # events of a channel
TRIM_AT_MOST = 512  # rows at a time: eight are trimmed for each one written, until none is too old

_NAMED = frozenset((*CHANNELS, *AUDIENCES))
_PRIVATE = re.compile(r"user-([0-9]{1,18})", re.ASCII)
_EVENT_ID = re.compile(r"[0-9]{1,18}", re.ASCII)
_JUST_THE_STREAM = ("GET", "HEAD", "OPTIONS")


class Storage(StorageBase):  # type: ignore[misc]
    """The rows of django-eventstream, in three queries, however many events; ids of a channel have no gap."""

    def append_event(self, channel: str, event_type: str, data: str) -> Event:
        """`data` is JSON text, as `send_event` passes it."""
        row = self.append(channel, event_type, data)
        return Event(channel, event_type, data, id=row.eid)

    def append(self, channel: str, kind: str, text: str) -> EventRow:
        return self.append_all([(channel, kind, text)])[0]

    def append_all(self, events: Sequence[tuple[str, str, str]]) -> list[EventRow]:
        """Each is (channel, kind, text); in their order, and each channel's counter goes up in one step."""
        with transaction.atomic():
            counts = Counter(channel for channel, _, _ in events)
            ids = {channel: _next_ids(channel, counts[channel]) for channel in sorted(counts)}  # nobody locks crosswise
            # In JSON once more: this is how django-eventstream reads its own rows.
            rows = [
                EventRow(channel=channel, type=kind, data=json.dumps(text), eid=next(ids[channel]))
                for channel, kind, text in events
            ]
            bulk_rows.insert(rows)
        for row in rows:
            if row.eid % TRIM_EVERY == 0:
                trim(row.channel)
        return rows

    def get_events(self, channel: str, last_id: int, limit: int = 100) -> list[Event]:
        """What came after `last_id`, oldest first. Raises EventDoesNotExist when some of it is gone."""
        current = self.get_current_id(channel)
        if last_id == current:
            return []
        rows = EventRow.objects.filter(channel=channel, eid__gt=last_id).order_by("eid")[:limit]
        found = [Event(row.channel, row.type, json.loads(row.data), id=row.eid) for row in rows]
        if not found or found[0].id != last_id + 1:
            raise EventDoesNotExist(f"event {last_id} of {channel} is not kept", current)
        return found

    def get_current_id(self, channel: str) -> int:
        return EventCounter.objects.filter(name=channel).values_list("value", flat=True).first() or 0


class Channels(ChannelManagerBase):  # type: ignore[misc]
    """Who may read what: the public channels everyone, `signed-in` and `staff` who is that, `user-<id>` that user."""

    def get_channels_for_request(self, request: HttpRequest, view_kwargs: Mapping[str, Any]) -> set[str]:
        return set(view_kwargs["channels"])

    def can_read_channel(self, user: Any, channel: str) -> bool:
        return channel in CHANNELS or channel in viewer_of(user).channels

    def is_channel_reliable(self, channel: str) -> bool:
        return True


def store(channel: str, data: Mapping[str, Any] | str, *, kind: str = "") -> StoredEvent:
    """Keep an event. `data` is a JSON object, or its text where digits must stay as they are.

    An alert (its `audience` says so) goes to the channel of those who may see it, whatever `channel` says. `kind`:
    what clients listen for, where it is not the channel's usual. Synchronous, one short transaction; database errors
    propagate.
    """
    text = data if isinstance(data, str) else json.dumps(data, cls=DjangoJSONEncoder)
    words = json.loads(text) if channel == PUBLIC_CHANNEL else {}
    if "audience" in words:
        channel = alert_channel(words["audience"], words.get("owner"))
    return _stored(Storage().append(channel, kind or KINDS.get(channel, "alert"), text))


def store_all(alerts: Sequence[tuple[str, str]]) -> list[StoredEvent]:
    """Keep many alerts, (channel of who may see it, JSON text) each, in as many queries as one takes."""
    rows = Storage().append_all([(channel, KINDS["alerts"], text) for channel, text in alerts])
    return list(map(_stored, rows))


def viewer_of(user: Any) -> Viewer:
    """A Django user, or None, as one who looks on."""
    if user is None or not user.is_authenticated or not user.is_active:
        return NOBODY
    return Viewer(user.pk, user.is_staff, user.get_username())


def newest_alerts(channels: Iterable[str], limit: int, *, kinds: Iterable[str] = ("alert",)) -> list[StoredEvent]:
    """The last events of alerts that were stored on any of `channels`, the oldest first."""
    rows = EventRow.objects.filter(channel__in=channels, type__in=kinds).order_by("-pk")[:limit]
    return [_stored(row) for row in reversed(rows)]


def alerts_after(places: Mapping[str, int], limit: int) -> list[StoredEvent]:
    """The next `limit` events of each channel after these ids, in the order in which they were stored."""
    rows: list[EventRow] = []
    for channel, place in places.items():
        rows += EventRow.objects.filter(channel=channel, eid__gt=place).order_by("eid")[:limit]
    return [_stored(row) for row in sorted(rows, key=lambda row: row.pk)]


def alert_places() -> dict[str, int]:
    """The id of the newest event of each channel of alerts."""
    counters = EventCounter.objects.exclude(name__in=("status", "prices"))
    return dict(counters.values_list("name", "value"))


def _stored(row: EventRow) -> StoredEvent:
    return StoredEvent(row.channel, row.eid, row.type, json.loads(row.data), row.pk)


def trim(channel: str) -> int:
    """Delete events older than the channel's retention, oldest first, TRIM_AT_MOST; how many it were."""
    oldest = timezone.now() - RETENTION.get(channel, PRIVATE_RETENTION)
    old = EventRow.objects.filter(channel=channel, created__lt=oldest).order_by("eid")
    numbers = list(old.values_list("id", flat=True)[:TRIM_AT_MOST])
    return EventRow.objects.filter(id__in=numbers).delete()[0] if numbers else 0


def wake(event: StoredEvent) -> None:
    """Hand a stored event to this process's own listeners; after a gap they read the rows instead.

    Call it from the event loop. Never raises for an event that nobody here listens to.
    """
    expected = _woken.get(event.channel, 0) + 1
    _woken[event.channel] = event.id
    if event.id == expected:
        item = Event(event.channel, event.kind, event.data, id=event.id)
        get_listener_manager().add_to_queues(event.channel, item)
    else:
        reread((event.channel,))


def reread(channels: Iterable[str] | None = None) -> None:
    """Make this process's listeners look at the rows: something may have been missed (Redis was away).

    Without names, those of all channels.
    """
    listeners = get_listener_manager()
    with listeners.lock:
        for channel in list(listeners.listeners_by_channel if channels is None else channels):
            for listener in listeners.listeners_by_channel.get(channel, ()):
                listener.overflow = True
                listener.wake_threadsafe()


# The newest event of each channel that came to this process.
_woken: dict[str, int] = {}


@require_http_methods(_JUST_THE_STREAM)
def events(request: HttpRequest, channel: str = "") -> HttpResponseBase:
    """`/events/?channels=status,prices`, `/events/<channel>/`: an endless `text/event-stream`.

    Without names, all public channels. An unreadable `Last-Event-ID` counts as none. 400 for a channel that
    does not exist, 403 for another user's or for a page that may not read prices.
    """
    names = channel_names(request.GET, channel)
    refused = _refusal(request, names)
    response = refused or _empty(request) or _stream(request, names)
    for name, value in cors_headers(request.scope):  # type: ignore[attr-defined]
        response[name.decode()] = value.decode()
    return response


def channel_names(query: QueryDict, channel: str = "") -> list[str]:
    """The channels a request asks for, each once; all public ones when it names none."""
    listed = ",".join([channel, *query.getlist("channels"), *query.getlist("channel")])
    names = dict.fromkeys(name.strip() for name in listed.split(","))
    return [name for name in names if name] or list(CHANNELS)


def last_ids(text: str, channels: Iterable[str]) -> str:
    """Of a `Last-Event-ID`, `status:3,prices:17`, the parts that can be read and are about `channels`."""
    pairs = (part.partition(":") for part in text.split(","))
    known = {unquote(name): number for name, _, number in pairs if _EVENT_ID.fullmatch(number)}
    return ",".join(f"{name}:{known[name]}" for name in channels if name in known)


def _next_ids(channel: str, count: int) -> Iterator[int]:
    """Count the channel up. Its row stays locked until the transaction ends: ids appear in order."""
    counter = EventCounter.objects.filter(name=channel)
    step = {"value": F("value") + count, "updated": timezone.now()}
    if not counter.update(**step):
        EventCounter.objects.get_or_create(name=channel)
        counter.update(**step)
    last: int = counter.values_list("value", flat=True).get()
    return iter(range(last - count + 1, last + 1))


def _refusal(request: HttpRequest, names: list[str]) -> HttpResponse | None:
    if not allowed_origin(request.scope):  # type: ignore[attr-defined]
        return json_error(403, "forbidden", "pages of this origin may not read prices")
    unknown = next((name for name in names if name not in _NAMED and not _PRIVATE.fullmatch(name)), None)
    if unknown is not None:
        return json_error(400, "unknown_channel", f"{unknown[:80]!r} is not one of {', '.join(CHANNELS)}")
    if len(names) > len(_NAMED) + 1:
        return json_error(400, "bad_field", "too many channels")
    return None


def _empty(request: HttpRequest) -> HttpResponse | None:
    """The answer to a request that wants no body."""
    if request.method == "HEAD":
        return HttpResponse(content_type="text/event-stream")
    if request.method == "OPTIONS":
        return HttpResponse(status=204, headers={"Allow": ", ".join(_JUST_THE_STREAM)})
    return None


def _stream(request: HttpRequest, names: list[str]) -> HttpResponseBase:
    last_id = request.headers.get("Last-Event-ID") or request.GET.get("lastEventId") or ""
    # Nothing else of the request reaches django-eventstream: `es-meta` may name any user, `recover` raises.
    request.GET = QueryDict()
    request.META["HTTP_LAST_EVENT_ID"] = last_ids(last_id, names)
    try:
        private = [name for name in names if name not in CHANNELS]
        if private and not _owns(request, private):
            return json_error(403, "forbidden", "this channel is for others")
        response: HttpResponseBase = stream_events(request, channels=names)
        if isinstance(response, StreamingHttpResponse):
            content = cast(AsyncIterator[bytes], response.streaming_content)
            response.streaming_content = events_app.guarded(content, seconds=PRIVATE_FOR if private else None)
    except DatabaseError:
        response = json_error(503, "database_unavailable", "the database does not answer")
        response["Retry-After"] = "5"
    return response


def _owns(request: HttpRequest, channels: Iterable[str]) -> bool:
    user = request.user if request.user.is_authenticated else None
    return all(Channels().can_read_channel(user, channel) for channel in channels)


# `/events/` of the ASGI application; its threads are not those of the pages.
events_app = LongResponses(threads=4)
