"""How a reader wants the pages: the language, and the colour of a rising price. Cookies of this browser."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from market.json_error import json_error

RISE_COOKIE = "pricefeed_rise"
RISES = ("green", "red")
_YEAR = 365 * 24 * 3600
# Where red means up: China. The words for it are in templates/market/_look.html.
_RED_RISES = ("zh",)
_OWN_PAGES = ("same-origin", "none", "")


def rise_of(request: HttpRequest | None) -> str:
    """The colour of a rising price: what the reader chose, else what readers of the language expect."""
    chosen = "" if request is None else request.COOKIES.get(RISE_COOKIE, "")
    return chosen if chosen in RISES else "red" if (get_language() or "").startswith(_RED_RISES) else "green"


# Without a token, as a page that nobody is signed in to sets no cookie of its own accord: another site's form is known
# by what browsers say of it, and could do no more than change a colour.
@csrf_exempt
@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """Keeps `language` or `rise` and goes back to `next`, else to the page the form was on."""
    if request.headers.get("Sec-Fetch-Site", "") not in _OWN_PAGES:
        return json_error(403, "origin_not_allowed", "this form belongs to another site")
    response = HttpResponseRedirect(_back(request))
    language, rise = request.POST.get("language", ""), request.POST.get("rise", "")
    if language in dict(settings.LANGUAGES):
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, **_cookie())
    if rise in RISES:
        response.set_cookie(RISE_COOKIE, rise, **_cookie())
    return response


def _back(request: HttpRequest) -> str:
    for address in (request.POST.get("next", ""), request.headers.get("Referer", "")):
        if url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure()):
            return address
    return "/"


def _cookie() -> dict[str, Any]:
    return {"max_age": _YEAR, "samesite": "Lax", "secure": settings.SESSION_COOKIE_SECURE, "httponly": True}
