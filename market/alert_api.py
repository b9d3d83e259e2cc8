"""`/api/alerts`: the list, and what is done with one."""

from collections.abc import Mapping

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse

from market.alert_desk import Chosen, Settled, acknowledge, apart, chosen_rows, snooze
from market.core.request import BadField, read_number, read_since_alert
from market.core.viewer import Viewer
from market.endpoint import endpoint, read_object, require_csrf
from market.json_error import Refused
from market.models import Severity
from market.relay import current
from market.viewer import session_of

LONGEST_BODY = 4096  # bytes
LIMIT, MOST = 100, 500


@endpoint("GET", "HEAD")
async def alerts(request: ASGIRequest) -> HttpResponse:
    """`{"alerts":[Alert]}` that whoever asks may see, the newest first; `symbol`, `severity` and `limit` choose.

    With `since_alert` those with a higher id, the oldest first: ask again with the last one. Errors: 400 bad_field.
    """
    viewer = await _viewer(request)
    texts = await apart(chosen_rows, viewer, _read_choice(request.GET))
    body = f'{{"alerts": [{",".join(texts)}]}}'
    return HttpResponse(body, content_type="application/json", headers={"Cache-Control": "no-store"})


@endpoint("POST")
async def ack(request: ASGIRequest, number: int) -> HttpResponse:
    """`{"alert","by","acknowledged","until"}`. Staff and the owner of the rule; `by` is who was first.

    Errors: 403 csrf_failed, forbidden; 404 not_found.
    """
    require_csrf(request)
    return await _settled(await acknowledge(number, await _viewer(request)))


@endpoint("POST")
async def snooze_alert(request: ASGIRequest, number: int) -> HttpResponse:
    """`{"minutes":15}` -> as `ack`. Errors: 400 bad_json, bad_field, too_big; 403 csrf_failed, forbidden; 404."""
    require_csrf(request)
    viewer = await _viewer(request)
    try:
        minutes = read_number(read_object(request, longest=LONGEST_BODY), "minutes")
    except BadField as error:
        raise Refused(400, error.code, str(error)) from error
    return await _settled(await snooze(number, viewer, minutes))


async def _settled(settled: Settled) -> HttpResponse:
    return HttpResponse(await current().settled(settled), content_type="application/json")


async def _viewer(request: ASGIRequest) -> Viewer:
    return await current().viewers.at_once(session_of(request.scope))


def _read_choice(query: Mapping[str, str]) -> Chosen:
    """Raises Refused."""
    limit, severity = query.get("limit", ""), query.get("severity", "")
    if limit and not (limit.isascii() and limit.isdecimal() and 0 < int(limit[:9]) <= MOST):
        raise Refused(400, "bad_field", f"limit is a whole number from 1 to {MOST}")
    if severity and severity not in Severity.values:
        raise Refused(400, "bad_field", f"severity is one of {', '.join(Severity.values)}")
    try:
        since = read_since_alert(query.get("since_alert", ""))
    except BadField as error:
        raise Refused(400, error.code, str(error)) from error
    return Chosen(query.get("symbol", "").upper()[:64], severity, since, int(limit or LIMIT))
