"""`/status/`: how prices travel, for everybody; which process does what, for staff. Complete without JavaScript.

It answers from this process's hub and what other processes report, without the database: a locked one does not stop it.
"""

import time
from collections.abc import Iterable

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from market.core.line import NEVER
from market.core.viewer import NOBODY, Viewer
from market.core.wire import time_text
from market.hub import Hub
from market.json_error import Refused
from market.page_modules import modules_of
from market.relay import Relay, current
from market.status_page import SymbolLine, Told, words
from market.viewer import session_of

SCRIPT = "market/js/page/status.js"


@require_safe
async def status(request: ASGIRequest) -> HttpResponse:
    """The page."""
    relay = current()
    await relay.ready()
    try:
        viewer = await relay.viewers.at_once(session_of(request.scope))
    except Refused:
        viewer = NOBODY  # the database does not answer: what everybody may see is shown all the same
    told = gather(relay, viewer, everything=request.GET.get("symbols") == "all")
    return await sync_to_async(_page)(request, told)


def gather(relay: Relay, viewer: Viewer, *, everything: bool) -> Told:
    """In the loop of the hub: quick, and all of one moment."""
    hub = relay.hub
    reports = hub.hops.reports()
    own = next(report for report in reports if report.role == "web" and report.name == hub.hops.hops.name)
    now_ms = time.time_ns() // 1_000_000
    return Told(viewer, hub.state, reports, own, list(_symbols(hub)), everything, now_ms)


def _symbols(hub: Hub) -> Iterable[SymbolLine]:
    now, feed = hub.clock(), hub.state
    lines = {(line.quote.exchange, line.quote.symbol): line for line in hub.newer(None, NEVER)}
    for exchange, symbol in hub.names.order:
        line = lines.get((exchange, symbol))
        age = None if line is None or line.at is None else now - line.at
        mark = "halted" if symbol in feed.halted else "silent" if symbol in feed.silent else ""
        yield SymbolLine(symbol, exchange, age, mark, "" if line is None else time_text(line.quote.time_ms))


def _page(request: ASGIRequest, told: Told) -> HttpResponse:
    response = render(request, "market/status.html", {**words(told), "modules": modules_of(SCRIPT)})
    response["Cache-Control"] = "private, no-cache"
    return response
