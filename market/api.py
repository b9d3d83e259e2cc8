"""The JSON endpoints: prices (snapshot and long poll) and the feed's status.

They answer from this process's hub: no database, so that a locked one does not stop them.
"""

import json
import re
import time
from http import HTTPStatus

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, HttpResponseNotModified, JsonResponse, QueryDict

from market.alert_poll import AlertPoll
from market.cohort import Key
from market.core.cursor import Cursor
from market.core.messages import DOWN, LIVE
from market.core.request import BadField, read_query
from market.core.wire import time_text
from market.durable import events_app
from market.endpoint import endpoint
from market.hub import Hub, Reading
from market.json_error import Refused, json_error
from market.relay import current

LONGEST_WAIT = 30.0  # seconds of a long poll: below what proxies cut off
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)


@endpoint("GET", "HEAD")
async def prices(request: ASGIRequest) -> HttpResponse:
    """`{"cursor","feed","source","timestamp","data":[Quote]}` of `symbols` (names by comma; default: all watched).

    With `since` only what is newer, after at most `wait` seconds. Without it `ETag` is the cursor. With `since_alert`
    also `"alerts":[Alert]`, those told after it; one that comes ends the wait. Errors, all 400: bad_field,
    too_many_symbols, unknown_symbol.
    """
    hub = await here()
    keys, since = read_request(hub, request.GET)
    poll = await AlertPoll.of(request)
    wait = 0 if request.method == "HEAD" or await poll.missed() else seconds(request.GET)
    if since is None and poll.viewer is None and _has_it(request, hub):
        return HttpResponseNotModified(headers={"ETag": _etag(hub.cursor)})
    reading = await hub.wait(keys, since, wait, viewer=poll.viewer)
    response = HttpResponse(_body(reading, await poll.text()), content_type="application/json")
    if since is None and poll.viewer is None:
        response["ETag"] = _etag(reading.cursor)
    response["Cache-Control"] = "no-cache" if "ETag" in response else "no-store"
    return response


@endpoint("GET", "HEAD")
async def status(request: ASGIRequest) -> HttpResponse:
    """What this process knows: the feed's state and counters, and how many clients it serves."""
    hub = await here()
    feed, clients = hub.feed.state, {**hub.clients(), "events": len(events_app)}
    data = {
        "running": feed.feed != DOWN,
        "connected_clients": sum(clients.values()),
        "clients": clients,
        "feed": feed.feed,
        "source": feed.source,
        "reason": feed.reason,
        "symbols": len(hub.names.order),
        "halted": sorted(feed.halted),
        "silent": sorted(feed.silent),
        "last_tick_age_ms": hub.last_tick_age_ms(),
        "cursor": hub.cursor,
        "counters": dict(feed.counters),
    }
    return JsonResponse({"code": 1, "data": data}, headers={"Cache-Control": "no-store"})


@endpoint("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
async def nothing_here(request: ASGIRequest) -> HttpResponse:
    """Every other address below `/api/`."""
    return json_error(HTTPStatus.NOT_FOUND, "not_found", f"there is nothing at {request.path}")


async def here() -> Hub:
    """This process's hub, which is fed from now on and knows the watched symbols."""
    relay = current()
    await relay.ready()
    return relay.hub


def read_request(hub: Hub, query: QueryDict) -> tuple[frozenset[Key] | None, Cursor | None]:
    """The symbols of a query (None: all watched) and its cursor. Raises Refused."""
    try:
        words = {"symbols": ",".join(query.getlist("symbols")), "since": query.get("since", "")}
        asked = read_query(words, most=settings.MAX_SYMBOLS)
    except BadField as error:
        raise Refused(400, error.code, str(error)) from error
    if asked.names is None or "*" in asked.names:
        return None, asked.since
    keys, unknown = hub.names.resolve(asked.names)
    if unknown:
        raise Refused(400, "unknown_symbol", f"{unknown[0]} is not watched")
    return keys, asked.since


def seconds(query: QueryDict) -> float:
    """`wait` of a long poll, LONGEST_WAIT at most; 0 when absent. Raises Refused."""
    text = query.get("wait", "")
    if not text:
        return 0.0
    if not _SECONDS.fullmatch(text):
        raise Refused(400, "bad_field", "wait is a number of seconds, like 25")
    return min(float(text), LONGEST_WAIT)


def _body(reading: Reading, alerts: bytes) -> bytes:
    words = {
        "cursor": reading.cursor,
        **reading.feed.words().fields(),  # as a status message has them: a poll hears no others
        "timestamp": time_text(time.time_ns() // 1_000_000),
    }
    # The quotes are JSON already, digit by digit as the exchange gave them.
    return json.dumps(words).encode()[:-1] + alerts + b', "data": [' + b",".join(reading.texts) + b"]}"


def _etag(cursor: str) -> str:
    return f'"{cursor}"'


def _has_it(request: ASGIRequest, hub: Hub) -> bool:
    """Whether the client's copy still holds; only while the feed is live, as a copy must not hide otherwise."""
    tags = (tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(","))
    return hub.feed.state.feed == LIVE and _etag(hub.cursor) in tags
