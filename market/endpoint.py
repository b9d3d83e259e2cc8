"""What the views below `/api/` have in common: methods, CORS, and errors as JSON whatever happens."""

import json
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import partial, wraps
from http import HTTPStatus
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.core.handlers.asgi import ASGIRequest
from django.db import Error as DatabaseError
from django.http import HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt

from market.json_error import Refused, json_error
from market.origin import cors_headers

View = Callable[..., Coroutine[Any, Any, HttpResponse]]

logger = logging.getLogger(__name__)

# What a page of another site may send and see, when its origin is one of ALLOWED_ORIGINS.
_MAY_SEND = "If-None-Match, Content-Type"
_MAY_SEE = "ETag, Retry-After"
_PREFLIGHT_SECONDS = "600"


def endpoint(*methods: str) -> Callable[[View], View]:
    """An async view for `methods` (OPTIONS comes with it). It may raise Refused.

    CSRF is the view's own business: the middleware's refusal is a page, ours is JSON.
    """
    allowed = (*methods, "OPTIONS")

    def decorate(view: View) -> View:
        @wraps(view)
        async def answer(request: ASGIRequest, **place: Any) -> HttpResponse:
            response = await _answer(partial(view, **place), request, allowed)
            _let_pages_read(request, response, allowed)
            return response

        return csrf_exempt(answer)

    return decorate


def require_csrf(request: ASGIRequest) -> None:
    """Raises Refused where another site's page may be behind a request that changes something."""
    if reason := _CsrfCheck(_no_page).process_view(request, _no_page, (), {}):
        raise Refused(403, "csrf_failed", str(reason))


def read_object(request: ASGIRequest, *, longest: int) -> Mapping[str, Any]:
    """The body as a JSON object of at most `longest` bytes. Raises Refused."""
    if len(request.body) > longest:
        raise Refused(400, "too_big", f"at most {longest} bytes")
    try:
        fields = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "bad_json", f"the body is not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise Refused(400, "bad_json", "the body is not a JSON object")
    return fields


class _CsrfCheck(CsrfViewMiddleware):
    """The middleware's check, with its reason as the result instead of a page."""

    def _reject(self, request: object, reason: str) -> Any:
        return reason


def _no_page(_: object) -> HttpResponse:
    return HttpResponse()


async def _answer(view: View, request: ASGIRequest, allowed: Iterable[str]) -> HttpResponse:
    if request.method == "OPTIONS":
        return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"Allow": ", ".join(allowed)})
    if request.method not in allowed:
        response = json_error(405, "method_not_allowed", f"use {' or '.join(allowed)}")
        response["Allow"] = ", ".join(allowed)
        return response
    try:
        return await view(request)
    except Refused as refused:
        return json_error(refused.status, refused.code, refused.message)
    except (SuspiciousOperation, MultiPartParserError) as error:
        return json_error(400, "bad_request", str(error))
    except DatabaseError as error:
        logger.warning("%s: the database does not answer: %s", request.path, error)
        return json_error(503, "database_unavailable", "the database does not answer")


def _let_pages_read(request: ASGIRequest, response: HttpResponse, allowed: Iterable[str]) -> None:
    for name, value in cors_headers(request.scope):
        if name == b"vary":
            patch_vary_headers(response, [value.decode()])
        else:
            response[name.decode()] = value.decode()
            response["Access-Control-Expose-Headers"] = _MAY_SEE
            if request.method == "OPTIONS":
                response["Access-Control-Allow-Methods"] = ", ".join(allowed)
                response["Access-Control-Allow-Headers"] = _MAY_SEND
                response["Access-Control-Max-Age"] = _PREFLIGHT_SECONDS
