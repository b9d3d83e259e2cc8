"""`/api/preferences`: what a signed-in reader chose for the board, the same on all their devices."""

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.db import transaction
from django.http import HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags

from market.alert_desk import apart
from market.core.board_choice import read_choice
from market.core.request import BadField
from market.endpoint import endpoint, read_object, require_csrf
from market.json_error import Refused
from market.models import BoardPreference
from market.relay import current
from market.viewer import session_of

LONGEST_BODY = 64 * 1024  # bytes of one change
LONGEST_CHOICE = 256 * 1024  # characters of all that is kept of one user


@endpoint("GET", "HEAD", "PATCH")
async def preferences(request: ASGIRequest) -> HttpResponse:
    """`{"viewer","preferences":{…}}` of whoever asks, only the fields that were chosen; 304 to the same ETag.

    PATCH takes some of the fields, null for one that is not chosen any more; the others stay as they are, so that two
    devices do not undo each other. Errors: 400 bad_json, bad_field, too_big; 401 signed_out; 403 csrf_failed.
    """
    user_id = await _user_id(request)
    if request.method == "PATCH":
        require_csrf(request)
        return _answer(request, user_id, await apart(change, user_id, _read_change(request)))
    return _answer(request, user_id, await apart(chosen_by, user_id))


def chosen_by(user_id: int) -> dict[str, Any]:
    """Synchronous; database errors propagate."""
    kept = BoardPreference.objects.filter(pk=user_id).values_list("chosen", flat=True).first()
    return dict(kept or {})


def change(user_id: int, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What is chosen now, after a valid change; the row is locked meanwhile. Raises Refused. Synchronous."""
    with transaction.atomic():
        row, _ = BoardPreference.objects.select_for_update().get_or_create(user_id=user_id)
        row.chosen = {name: value for name, value in {**row.chosen, **fields}.items() if value is not None}
        if len(json.dumps(row.chosen)) > LONGEST_CHOICE:
            raise Refused(400, "too_big", f"at most {LONGEST_CHOICE} characters are kept")
        row.save()
    return dict(row.chosen)


async def _user_id(request: ASGIRequest) -> int:
    viewer = await current().viewers.at_once(session_of(request.scope))
    if viewer.user_id is None:
        raise Refused(401, "signed_out", "preferences are kept for those who are signed in")
    return viewer.user_id


def _read_change(request: ASGIRequest) -> dict[str, Any]:
    try:
        return read_choice(read_object(request, longest=LONGEST_BODY))
    except BadField as error:
        raise Refused(400, error.code, str(error)) from error


def _answer(request: ASGIRequest, user_id: int, chosen: Mapping[str, Any]) -> HttpResponse:
    body = json.dumps({"viewer": user_id, "preferences": chosen}, ensure_ascii=False).encode()
    tag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Cookie"}
    if request.method != "PATCH" and tag in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponseNotModified(headers=headers)
    return HttpResponse(body, content_type="application/json", headers=headers)
