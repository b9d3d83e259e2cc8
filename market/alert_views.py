"""Alerts for people: the list, each one's timeline, and what a page needs to count and mark them.

All of it is complete without JavaScript; who may see what is asked of the database (alert_desk.visible_to).
"""

import json
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpResponse, HttpResponseNotModified, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import parse_etags, url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from market.alert_desk import acknowledge, apart, snooze, visible_to
from market.alert_list import STATES, find, read_question
from market.alert_summary import Summaries, newest_of
from market.alert_timeline import AlertLine, line, timeline
from market.core.viewer import NOBODY, Viewer
from market.endpoint import endpoint
from market.json_error import Refused
from market.models import Severity
from market.page_modules import modules_of
from market.relay import current
from market.viewer import session_of
from market.watchlist import Watched

SNOOZES = (15, 60, 24 * 60)  # minutes

_summaries = Summaries()


@require_safe
async def alerts(request: ASGIRequest) -> HttpResponse:
    """`/alerts/?symbol=&state=&severity=` and `before` or `after` an id: newest first."""
    return await sync_to_async(_list_page)(request, await _viewer(request), await _watched())


@require_safe
async def alert(request: ASGIRequest, number: int) -> HttpResponse:
    """`/alerts/<id>/`: why it fired, and what became of it."""
    return await sync_to_async(_timeline_page)(request, await _viewer(request), (number, await _watched()))


@require_POST
async def settle(request: ASGIRequest, number: int) -> HttpResponse:
    """A form's button: `ack`, or `snooze` with minutes; then back to where it was pressed."""
    viewer = await _viewer(request)
    try:
        minutes = request.POST.get("snooze", "")
        done = await (snooze(number, viewer, _minutes(minutes)) if minutes else acknowledge(number, viewer))
    except Refused as refused:
        words = {"message": refused.message, "status": refused.status}
        return await sync_to_async(render)(request, "market/alert_refused.html", words, status=refused.status)
    await current().settled(done)
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = reverse("alert", args=(number,))
    return HttpResponseRedirect(back, status=303)


@endpoint("GET", "HEAD")
async def summary(request: ASGIRequest) -> HttpResponse:
    """`{"unacknowledged","waiting","newest","viewer","staff","thresholds"}` of whoever asks; 304 to the same ETag.

    `waiting` are ids; `newest` is the highest id that the viewer may see, 0 for none. Nothing of it is for other sites.
    """
    relay = current()
    await relay.ready()
    relay.thresholds.want()
    prices = {f"{quote.exchange}:{quote.symbol}": quote.numbers["price"] for quote in relay.hub.read(None, None).quotes}
    viewer = await relay.viewers.of(session_of(request.scope))
    # In threads beside those that write pages: a database that hangs does not keep the board from being shown.
    words = await apart(_summaries.of, viewer, prices, relay.thresholds)
    tag = f'"{blake2b(json.dumps(words).encode(), digest_size=12).hexdigest()}"'
    if tag in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponseNotModified(headers={"ETag": tag})
    return JsonResponse(words, headers={"ETag": tag, "Cache-Control": "private, no-cache"})


async def _viewer(request: ASGIRequest) -> Viewer:
    user = await request.auser()
    return Viewer(user.pk, user.is_staff, user.get_username()) if user.is_authenticated else NOBODY


async def _watched() -> Sequence[Watched]:
    relay = current()
    await relay.ready()
    return relay.watched


def _minutes(text: str) -> int:
    """A number that `snooze` refuses where this is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0


def _list_page(request: ASGIRequest, viewer: Viewer, watched: Sequence[Watched]) -> HttpResponse:
    now = timezone.now()
    question = read_question(request.GET)
    page = find(visible_to(viewer), question, now)
    words = {
        "question": question,
        "page": page,
        "lines": [line(each, viewer, watched, now) for each in page.alerts],
        "states": STATES,
        "severities": Severity.values,
        "symbols": [row.symbol for row in watched],
        "is_first": question.before is None and question.after is None,
    }
    return _rendered(request, "market/alerts.html", {**words, **_shared(viewer)})


def _timeline_page(request: ASGIRequest, viewer: Viewer, asked: tuple[int, Sequence[Watched]]) -> HttpResponse:
    number, watched = asked
    now = timezone.now()
    found = visible_to(viewer).select_related("rule", "acknowledged_by").filter(pk=number).first()
    if found is None:
        raise Http404(f"no alert {number} for this viewer")
    shown: AlertLine = line(found, viewer, watched, now)
    words = {"line": shown, "timeline": timeline(found, viewer, shown)}
    return _rendered(request, "market/alert.html", {**words, **_shared(viewer)})


def _shared(viewer: Viewer) -> dict[str, Any]:
    return {
        "modules": modules_of("market/js/page/alerts.js"),
        "snoozes": SNOOZES,
        "viewer": viewer,
        "newest": newest_of(viewer),
    }


def _rendered(request: ASGIRequest, template: str, words: dict[str, Any]) -> HttpResponse:
    response = render(request, template, words)
    response["Cache-Control"] = "private, no-cache"
    return response
