"""The wiring place: what answers which connection."""

import itertools
import os
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pricefeed.settings")
django_application = get_asgi_application()

from channels.routing import URLRouter  # noqa: E402  (needs the applications loaded)
from django.conf import settings  # noqa: E402

from market import durable, metrics_page, sse  # noqa: E402
from market.routing import websocket_urlpatterns  # noqa: E402

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

# Django would give each request in flight a thread of its own, and a long poll is in flight for half a minute.
PAGE_THREADS = 16

_websocket: Any = URLRouter(websocket_urlpatterns)  # type: ignore[arg-type]
_threads = itertools.cycle([ThreadPoolExecutor(1, "page") for _ in range(PAGE_THREADS)])


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI entry for every server."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    # Daphne believes a client's Daphne-Root-Path header; where we live is ours to say.
    scope["root_path"] = settings.FORCE_SCRIPT_NAME or ""
    if scope["type"] == "websocket":
        await _websocket(scope, receive, send)
    elif scope["path"] == sse.PATH:
        await sse.price_stream(scope, receive, send)
    elif scope["path"] == metrics_page.PATH:
        await metrics_page.metrics(scope, receive, send)
    elif scope["path"].startswith("/events/"):
        await durable.events_app(scope, receive, send)
    else:
        async with ThreadSensitiveContext(executor=next(_threads)):
            await django_application(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
