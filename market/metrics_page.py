"""`/metrics` of a web process, for Prometheus: only for networks that METRICS_NETWORKS names, and for staff.

A raw ASGI application: Prometheus comes by an address that need not be one of ALLOWED_HOSTS. What a proxy passes on is
nobody's but the proxy's: nginx on this machine would make every visitor come from loopback.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings

from market.core.viewer import NOBODY, Viewer
from market.json_error import Refused
from market.metrics import expose, exposition
from market.origin import own_origin, trusted_proxy
from market.relay import current
from market.viewer import session_of
from market.web_metrics import families

PATH = "/metrics"
_FORWARDED = {b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip", b"via"}

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


async def metrics(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI application: 200 with the exposition, 403, or 405."""
    if scope["method"] not in ("GET", "HEAD"):
        await _answer(send, 405, b"use GET\n", [(b"allow", b"GET, HEAD")])
        return
    if not (from_allowed_network(scope) or (await _viewer(scope)).is_staff):
        await _answer(send, 403, b"metrics are for METRICS_NETWORKS and for staff\n")
        return
    relay = current()
    await relay.ready()
    expose("web", lambda: families(relay.hub))
    accept = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"accept"), "")
    body, content_type = await asyncio.to_thread(exposition, accept)
    await _answer(send, 200, b"" if scope["method"] == "HEAD" else body, [(b"content-type", content_type.encode())])


def from_allowed_network(scope: Scope) -> bool:
    """Whether who asks is itself, without a proxy between, in one of METRICS_NETWORKS."""
    if trusted_proxy(scope) or any(name.lower() in _FORWARDED for name, _ in scope["headers"]):
        return False
    try:
        peer = ip_address((scope.get("client") or ("",))[0])
    except ValueError:
        return False
    peer = getattr(peer, "ipv4_mapped", None) or peer  # as a socket for both families names it
    if peer.is_loopback and own_origin(scope) is None:
        return False  # a page of another site, by a name that was made to lead here
    return any(peer in ip_network(network) for network in settings.METRICS_NETWORKS)


async def _viewer(scope: Scope) -> Viewer:
    try:
        return await current().viewers.at_once(session_of(scope))
    except Refused:
        return NOBODY  # the database does not answer


async def _answer(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    common = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
    named = {name for name, _ in headers or []}
    if b"content-type" not in named:
        common.append((b"content-type", b"text/plain; charset=utf-8"))
    common.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": [*(headers or []), *common]})
    await send({"type": "http.response.body", "body": body})
