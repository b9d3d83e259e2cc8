"""`/alerts/ack/<token>/`: the page behind the link of a mail. It asks first, because scanners of mail open links."""

from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from market.ack_link import BadLink, read_link
from market.alert_desk import acknowledge_by_link, apart, shown
from market.json_error import Refused
from market.relay import current

TEMPLATE = "market/alert_ack.html"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
async def ack_page(request: ASGIRequest, token: str) -> HttpResponse:
    """GET shows the alert and a button, POST acknowledges it. 404 for a link that is not ours or too old."""
    try:
        link = read_link(token)
        if request.method == "POST":
            await current().settled(await acknowledge_by_link(link.alert, link.by))
        return await _page(request, {"alert": await apart(shown, link.alert)})
    except (BadLink, Refused) as exc:
        return await _page(request, {"problem": str(exc)}, status=404)


async def _page(request: ASGIRequest, words: dict[str, Any], status: int = 200) -> HttpResponse:
    # The site's frame may name who is signed in: that is a query.
    return await sync_to_async(render)(request, TEMPLATE, words, status=status)
