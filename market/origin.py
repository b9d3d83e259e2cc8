"""Which pages may read prices: those of our own origin, and those of `ALLOWED_ORIGINS`.

An origin is scheme, host and port, all three. A request without `Origin` comes from no page of another site
(a native client, curl, a same-origin GET) and is let in. What cannot be read as an origin (`null`, junk, 8
kB) is refused; nothing raises.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, NamedTuple

from django.conf import settings
from django.http.request import validate_host

Scope = Mapping[str, Any]
Headers = list[tuple[bytes, bytes]]

_FORM = re.compile(r"(https?)://([a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::([0-9]{1,5}))?", re.ASCII)
_PORTS = {"http": 80, "https": 443}
_PAGE_SCHEMES = {"http": "http", "ws": "http", "https": "https", "wss": "https"}
_LONGEST = 300  # a host name has at most 253 characters
_DEBUG_HOSTS = [".localhost", "127.0.0.1", "[::1]"]  # what Django itself allows under DEBUG


class Origin(NamedTuple):
    """`host` in lower case, IPv6 in brackets; `port` filled in where the scheme implies it."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"


def parse_origin(text: str) -> Origin | None:
    """`https://example.org:8443` as an Origin; None for everything else."""
    match = _FORM.fullmatch(text.lower()) if len(text) <= _LONGEST else None
    if not match:
        return None
    return Origin(match[1], match[2], int(match[3] or _PORTS[match[1]]))


def allowed_origin(scope: Scope) -> bool:
    """May the page behind this connection (ASGI `http` or `websocket` scope) read prices?"""
    values = _values(scope, b"origin")
    if not values:
        return True
    origin = _only_origin(values)
    return origin is not None and (origin in _listed() or origin == own_origin(scope))


def own_page(scope: Scope) -> bool:
    """Whether a page of our own is behind this connection, or none at all: only then do its cookies speak for it."""
    values = _values(scope, b"origin")
    return not values or _only_origin(values) == own_origin(scope) is not None


def cors_headers(scope: Scope) -> Headers:
    """Response headers that let a page of `ALLOWED_ORIGINS` read the answer; `Vary` is always among them."""
    origin = _only_origin(_values(scope, b"origin"))
    headers = [(b"vary", b"Origin")]
    if origin is not None and origin in _listed():
        headers.append((b"access-control-allow-origin", str(origin).encode()))
    return headers


def own_origin(scope: Scope) -> Origin | None:
    """The origin this connection was made to, as a browser sees it; None if `Host` is absent or not ours."""
    hosts = _values(scope, b"host")
    own = parse_origin(f"{_page_scheme(scope)}://{hosts[0]}") if len(hosts) == 1 else None
    return own if own and validate_host(own.host, _our_hosts()) else None


def trusted_proxy(scope: Scope) -> bool:
    """Whether the other end of this connection is one of `TRUSTED_PROXIES` (addresses or networks)."""
    try:
        address = ip_address((scope.get("client") or ("",))[0])
    except ValueError:
        return False
    return any(address in network for network in _networks(tuple(settings.TRUSTED_PROXIES)))


def _page_scheme(scope: Scope) -> str:
    scheme = str(scope.get("scheme", "http"))
    if trusted_proxy(scope):
        # The last value is the one our own proxy wrote.
        forwarded = _values(scope, b"x-forwarded-proto")[-1:] or [scheme]
        scheme = forwarded[0].rpartition(",")[2].strip().lower()
    return _PAGE_SCHEMES.get(scheme, "http")


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope.get("headers", ()) if key.lower() == name]


def _only_origin(values: list[str]) -> Origin | None:
    return parse_origin(values[0]) if len(values) == 1 else None


def _listed() -> frozenset[Origin]:
    return _origins(tuple(settings.ALLOWED_ORIGINS))


def _our_hosts() -> Iterable[str]:
    return settings.ALLOWED_HOSTS or (_DEBUG_HOSTS if settings.DEBUG else [])


@lru_cache(maxsize=8)
def _origins(texts: tuple[str, ...]) -> frozenset[Origin]:
    return frozenset(origin for origin in map(parse_origin, texts) if origin)


@lru_cache(maxsize=8)
def _networks(texts: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(text, strict=False) for text in texts)
