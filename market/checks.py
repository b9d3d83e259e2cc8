"""System checks: settings that work at first and fail in production."""

import socket
import sys
from importlib.metadata import version
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

QUEUEING_LAYER = "channels_redis.core.RedisChannelLayer"
GZIP = "django.middleware.gzip.GZipMiddleware"
LOOPBACK = {"localhost", "127.0.0.1", "[::1]", "testserver"}
BRPOP_SECONDS = 5  # how long the queueing layer waits for a message in one call


@register(Tags.compatibility)
def check_channel_layer(**options: Any) -> list[CheckMessage]:
    """redis-py 8 gives up after 5 s, just as long as the queueing layer waits: idle consumers die."""
    layers = settings.CHANNEL_LAYERS.values()
    hosts = [host for layer in layers if layer["BACKEND"] == QUEUEING_LAYER for host in _hosts(layer)]
    if _numbers("redis") < (8,) or all(_is_patient(host) for host in hosts):
        return []
    return [
        Error(
            "RedisChannelLayer loses every consumer that is idle for 5 s with redis-py 8 and later.",
            hint="Use channels_redis.pubsub.RedisPubSubChannelLayer, or set socket_timeout of each host to None.",
            id="market.E001",
        )
    ]


@register(Tags.database)
def check_connection_age(**options: Any) -> list[CheckMessage]:
    """Under ASGI kept connections stay behind in threads that have ended."""
    return [
        Error(f"CONN_MAX_AGE of database {name!r} must be 0 under ASGI.", id="market.E002")
        for name, database in settings.DATABASES.items()
        if database.get("CONN_MAX_AGE", 0) != 0
    ]


@register(Tags.compatibility)
def check_gzip(**options: Any) -> list[CheckMessage]:
    if GZIP not in settings.MIDDLEWARE:
        return []
    words = "GZipMiddleware compresses each event of a stream by itself, for each client."
    return [Error(words, hint="Static files are compressed already; leave pages to the proxy.", id="market.E003")]


@register(Tags.compatibility)
def check_asgiref(**options: Any) -> list[CheckMessage]:
    if _numbers("asgiref") >= (3, 13):
        return []
    words = "asgiref before 3.13 blocks the event loop when a request is cancelled."
    return [Error(words, hint="Install requirements.txt.", id="market.E004")]


@register(Tags.security)
def check_debug(**options: Any) -> list[CheckMessage]:
    """DEBUG shows settings and source to whoever causes an error."""
    public = set(settings.ALLOWED_HOSTS) - LOOPBACK - {socket.gethostname().lower()}
    if not settings.DEBUG or not public:
        return []
    words = f"DEBUG is on, and pages are served under {', '.join(sorted(public))}."
    return [Warning(words, hint="Unset DEBUG, or ALLOWED_HOSTS.", id="market.W001")]


@register(Tags.compatibility)
def check_python(**options: Any) -> list[CheckMessage]:
    """Seen with CPython 3.11.7: ten of ten such ends were a crash, none with 3.12.1 and 3.13.0."""
    if sys.version_info >= (3, 12) or "runserver" not in sys.argv[:2]:
        return []
    words = "Daphne on Python 3.11 may crash when it is stopped with open connections."
    return [Warning(words, hint="Use manage.py serve, or Python 3.12.", id="market.W002")]


def _hosts(layer: dict[str, Any]) -> list[Any]:
    hosts: list[Any] = layer.get("CONFIG", {}).get("hosts", [("localhost", 6379)])
    return hosts


def _is_patient(host: Any) -> bool:
    """Only the form with a dict can say how long to wait; 5 s is redis-py's own default."""
    seconds = host.get("socket_timeout", BRPOP_SECONDS) if isinstance(host, dict) else BRPOP_SECONDS
    return seconds is None or seconds > BRPOP_SECONDS


def _numbers(package: str) -> tuple[int, ...]:
    """`8.1.0` -> (8, 1); what is not a number counts as 0."""
    parts = version(package).split(".")[:2]
    return tuple(int(part) if part.isdigit() else 0 for part in parts)
