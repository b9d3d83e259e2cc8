"""The page of a symbol: its chart, its day, its thresholds and its alerts; complete without JavaScript."""

import logging
import time

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import Error as DatabaseError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from market.candle_rows import Asked, Found, apart, find, source_of
from market.core.interval import Interval
from market.core.request import BadField
from market.core.symbol import normalise
from market.hub import Hub
from market.json_error import Refused
from market.page_modules import modules_of
from market.relay import current
from market.symbol_page import NO_CANDLES, Known, page_words
from market.threshold_api import Move, moved, read_ends
from market.viewer import session_of
from market.watchlist import Watched

ROWS = 30  # candles in the table
FIRST_INTERVAL = Interval.M15

SCRIPT = "market/js/page/symbol.js"

logger = logging.getLogger(__name__)


@require_safe
async def symbol(request: ASGIRequest, exchange: str, symbol: str) -> HttpResponse:
    """`/symbols/<exchange>/<symbol>/?interval=1h`; 404 for what is not watched."""
    relay = current()
    await relay.ready()
    watched = _watched(relay.watched, exchange, symbol)
    if watched.key != (exchange, symbol):
        return HttpResponseRedirect(_address(watched.key, request.GET.urlencode()), status=301)
    interval = _interval(request.GET.get("interval", ""))
    known = Known(
        watched=watched,
        reading=relay.hub.read(frozenset({watched.key}), None),
        interval=interval,
        candles=await _candles(relay.hub, Asked(watched.key, interval, limit=ROWS)),
        viewer=await relay.viewers.of(session_of(request.scope)),
        now_ms=time.time_ns() // 1_000_000,
    )
    return await sync_to_async(_page)(request, known)


@require_POST
async def move(request: ASGIRequest, exchange: str, symbol: str, number: int) -> HttpResponse:
    """The form beside the chart, for who has no script: moves a threshold and goes back, or says why not."""
    viewer = await current().viewers.of(session_of(request.scope))
    address = _address((exchange, symbol), "")
    try:
        await apart(moved, viewer, _read_move(request, number))
    except Refused as refused:
        words = {"message": refused.message, "address": f"{address}#thresholds"}
        return await sync_to_async(render)(request, "market/threshold_refused.html", words, status=refused.status)
    return HttpResponseRedirect(f"{address}#thresholds", status=303)


def _page(request: ASGIRequest, known: Known) -> HttpResponse:
    response = render(request, "market/symbol.html", {"modules": modules_of(SCRIPT), **page_words(known)})
    response["Cache-Control"] = "private, no-cache"
    return response


async def _candles(hub: Hub, asked: Asked) -> Found:
    """None where the database does not answer: the price is worth a page too."""
    try:
        now = await hub.candles.now(asked.key, asked.interval)
        return await apart(find, asked, source_of(hub, asked.key), now)
    except DatabaseError as error:
        logger.warning("candles cannot be read: %s", error)
        return NO_CANDLES


def _watched(rows: tuple[Watched, ...], exchange: str, symbol: str) -> Watched:
    """Also where it is spelt in lower case. Raises Http404."""
    wanted = (exchange.lower(), normalise(symbol))
    found = next((row for row in rows if row.key in ((exchange, symbol), wanted)), None)
    if found is None:
        raise Http404(f"{exchange}:{symbol} is not watched")
    return found


def _interval(text: str) -> Interval:
    return Interval(text) if text in frozenset(Interval) else FIRST_INTERVAL


def _address(key: tuple[str, str], query: str) -> str:
    return reverse("symbol", args=key) + (f"?{query}" if query else "")


def _read_move(request: ASGIRequest, number: int) -> Move:
    """Raises Refused."""
    version = request.POST.get("version", "")
    try:
        if not (version.isascii() and version.isdecimal() and len(version) < 10):
            raise BadField("version is a whole number")
        return Move(number, int(version), read_ends(request.POST))
    except BadField as error:
        raise Refused(400, error.code, str(error)) from error
