"""In which time zone pages of the admin say and read times: that of the reader's browser, as its cookie says.

A form is read in the zone that it was shown in, which it carries: the cookie may be another's by then, of a page that
was opened meanwhile. Without a known zone it is UTC, as everywhere else on the server.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.decorators import sync_and_async_middleware
from django.utils.translation import gettext

ZONE_COOKIE = "pricefeed_zone"  # written by page/zone.js
ZONE_FIELD = "_zone"
_ADMIN = "/admin/"

Answer = Callable[[HttpRequest], HttpResponseBase]
LaterAnswer = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


def zone_of(request: HttpRequest) -> ZoneInfo:
    """What is posted says it itself; what does not was written for UTC."""
    name = request.POST.get(ZONE_FIELD) if request.method == "POST" else request.COOKIES.get(ZONE_COOKIE)
    return ZoneInfo(name if name in _names() else "UTC")


@sync_and_async_middleware
def admin_zone(get_response: Answer | LaterAnswer) -> Answer | LaterAnswer:
    """Other pages and streams pass through: their scripts write times as the reader does."""
    if not iscoroutinefunction(get_response):

        def answer(request: HttpRequest) -> HttpResponseBase:
            if not request.path_info.startswith(_ADMIN):
                return get_response(request)  # type: ignore[return-value]
            with timezone.override(zone_of(request)):
                return get_response(request)  # type: ignore[return-value]

        return answer

    async def answer_later(request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(_ADMIN):
            return await get_response(request)  # type: ignore[no-any-return]
        with timezone.override(await sync_to_async(zone_of)(request)):  # a form may be long
            return await get_response(request)  # type: ignore[no-any-return]

    return answer_later


def zone_name() -> str:
    """`Europe/Berlin`: the zone in which times are said now."""
    return str(timezone.get_current_timezone())


def zone_words() -> str:
    return gettext("Times are in %(zone)s.") % {"zone": zone_name()}


def zoned(moment: datetime, timespec: str = "seconds") -> str:
    """`2026-11-21 07:15:00 CET`, in the zone in which times are said now; `timespec` is that of isoformat."""
    local = timezone.localtime(moment)
    return f"{local.replace(tzinfo=None).isoformat(' ', timespec)} {local:%Z}"


def zoned_ms(time_ms: int, timespec: str = "seconds") -> str:
    """The same of ms since 1970."""
    return zoned(datetime.fromtimestamp(time_ms / 1000, UTC), timespec)


@cache
def _names() -> frozenset[str]:
    """Looked up once: it reads some hundred files."""
    return frozenset(available_timezones())
