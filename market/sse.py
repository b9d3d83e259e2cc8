"""`/api/sse/prices`: the tick lane over Server-Sent Events (protocol 1).

Beside Django's handler, which would give every stream a thread for life.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings

from market import relay
from market.cohort import Member, Wish
from market.core.cursor import parse_cursor
from market.core.dialect import SSE
from market.core.framing import http_chunk, plain
from market.core.request import BadField, Request, read_query
from market.origin import Headers, allowed_origin, cors_headers
from market.outlet import EXTENSION, Outlet, TaskOutlet

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

PATH = "/api/sse/prices"
METHODS = "GET, HEAD, OPTIONS"
STREAM_HEADERS: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]


async def price_stream(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI application. Bad queries get 400, other origins 403, as JSON."""
    if scope["method"] not in METHODS.split(", "):
        await _refuse(scope, send, 405, "method_not_allowed", f"use {METHODS}")
        return
    if not allowed_origin(scope):
        await _refuse(scope, send, 403, "forbidden", "this origin may not read prices")
        return
    if scope["method"] != "GET":
        await _answer(send, 200, STREAM_HEADERS + cors_headers(scope) + [(b"allow", METHODS.encode())], b"")
        return
    running = relay.current()
    await running.ready()
    try:
        request = _read(scope)
        keys, unknown = (None, []) if request.names is None else running.hub.names.resolve(request.names)
        if unknown:
            raise BadField(f"not watched: {', '.join(unknown[:10])}", "unknown_symbol")
    except BadField as exc:
        await _refuse(scope, send, 400, exc.code, str(exc))
        return
    await _stream(scope, receive, send, (Wish(keys, request.interval, SSE, plain), request))


async def _stream(scope: Scope, receive: Receive, send: Send, wanted: tuple[Wish, Request]) -> None:
    wish, request = wanted
    offered: Outlet | None = scope.get("extensions", {}).get(EXTENSION)
    await send({"type": "http.response.start", "status": 200, "headers": STREAM_HEADERS + cors_headers(scope)})
    if offered is not None:
        outlet, wish = offered, Wish(wish.keys, wish.interval, SSE, http_chunk)
    else:
        outlet = _task_outlet(send)
    running = relay.current()
    member = Member(running.hub.audience, outlet, wish)
    try:
        running.hub.audience.join(member, request.since)
        running.follow_alerts(member, scope, request.since_alert)
        running.follow_candles(member, request)
        while (await receive())["type"] != "http.disconnect":
            pass
    finally:
        member.lost()
        if isinstance(outlet, TaskOutlet):
            outlet.close()


def _task_outlet(send: Send) -> TaskOutlet:
    async def send_body(payload: bytes) -> None:
        await send({"type": "http.response.body", "body": payload, "more_body": True})

    task = asyncio.current_task()
    assert task is not None
    return TaskOutlet(send_body, task.cancel)


def _read(scope: Scope) -> Request:
    """The query; a browser that reconnects says in `Last-Event-ID` how far it had read."""
    try:
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), max_num_fields=20))
    except ValueError as exc:
        raise BadField(str(exc)) from exc
    request = read_query(query, most=settings.MAX_SYMBOLS)
    last = [value for name, value in scope["headers"] if name.lower() == b"last-event-id"]
    since = parse_cursor(last[-1].decode("latin-1")) if last else request.since
    return replace(request, since=since)


async def _refuse(scope: Scope, send: Send, status: int, code: str, message: str) -> None:
    body = json.dumps({"error": {"code": code, "message": message}}, ensure_ascii=False).encode()
    headers = [(b"content-type", b"application/json"), *cors_headers(scope)]
    if status == 405:
        headers.append((b"allow", METHODS.encode()))
    await _answer(send, status, headers, body)


async def _answer(send: Send, status: int, headers: Headers, body: bytes) -> None:
    length = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers + length})
    await send({"type": "http.response.body", "body": body})
