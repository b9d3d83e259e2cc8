"""The test broadcast by API: a quote of source `test` that travels the whole path and comes back."""

import asyncio
import json
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, JsonResponse

from market.api import here
from market.core.messages import TestQuote
from market.core.wire import number_text
from market.endpoint import endpoint, require_csrf
from market.hub import Hub
from market.json_error import Refused
from market.publish import tell_feed

LONGEST_BODY = 4096  # bytes
ANSWER_WITHIN = 2.0  # seconds; the feed needs a few milliseconds

# A price of any real market fits, and a short number that is long when written out (1e999999) does not.
_LARGEST = Decimal(10) ** 15
_MOST_DECIMALS = 18


@endpoint("POST")
async def test_broadcast(request: ASGIRequest) -> HttpResponse:
    """`{"symbol","price"[,"change_24h"]}` -> `{"code":1,"data":{"symbol","price","cursor","round_trip_ms"}}`.

    Answers when the quote has come back. Errors: 403 forbidden, csrf_failed; 400 with the reason; 503
    feed_silent.
    """
    await _require_staff(request)
    hub = await here()
    quote = read_test_quote(request, hub)
    began = time.perf_counter()
    cursor = await there_and_back(hub, quote)
    data = {
        "symbol": quote.symbol,
        "price": quote.price,
        "cursor": cursor,
        "round_trip_ms": round((time.perf_counter() - began) * 1000, 1),
    }
    return JsonResponse({"code": 1, "data": data})


def read_test_quote(request: ASGIRequest, hub: Hub) -> TestQuote:
    """The request's body as a quote of a watched symbol. Raises Refused."""
    fields = _read_object(request)
    name = fields.get("symbol")
    if not isinstance(name, str):
        raise Refused(400, "bad_field", "symbol is a text, like BTCUSDT")
    keys, _ = hub.names.resolve([name])
    if not keys:
        raise Refused(400, "unknown_symbol", f"{name[:80]} is not watched")
    price = _number(fields, "price")
    if price is None or price <= 0:
        raise Refused(400, "bad_field", "price is a number above 0")
    change = _number(fields, "change_24h")
    exchange, symbol = next(iter(keys))
    return TestQuote(exchange, symbol, number_text(price), None if change is None else number_text(change))


async def _require_staff(request: ASGIRequest) -> None:
    user = await request.auser()
    if not (user.is_active and user.is_staff):
        raise Refused(403, "forbidden", "only staff may send a test broadcast")
    require_csrf(request)


def _read_object(request: ASGIRequest) -> Mapping[str, Any]:
    if len(request.body) > LONGEST_BODY:
        raise Refused(400, "too_big", f"at most {LONGEST_BODY} bytes")
    try:
        # Decimal throughout: a float would change the digits, and an int has no limit of size.
        fields = json.loads(request.body, parse_float=Decimal, parse_int=Decimal, parse_constant=_not_json)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise Refused(400, "bad_json", f"the body is not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise Refused(400, "bad_json", "the body is not a JSON object")
    return fields


def _not_json(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _number(fields: Mapping[str, Any], name: str) -> Decimal | None:
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, Decimal):
        raise Refused(400, "bad_field", f"{name} is a number")
    exponent = value.as_tuple().exponent
    # Compared as they are: `abs` would round, or overflow.
    if not -_LARGEST <= value <= _LARGEST or not isinstance(exponent, int) or exponent < -_MOST_DECIMALS:
        raise Refused(400, "bad_field", f"{name} is too large or has too many decimals")
    return value


async def there_and_back(hub: Hub, quote: TestQuote) -> str:
    """Send the quote to the feed, wait until the hub has it from there; the cursor then. Raises Refused."""
    seen = asyncio.ensure_future(hub.test_seen((quote.exchange, quote.symbol), quote.price))
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            await asyncio.sleep(0)  # lets `seen` begin to look
            if await tell_feed(quote):
                return await seen
    except TimeoutError:
        pass  # said below
    finally:
        seen.cancel()
    raise Refused(503, "feed_silent", "the feed does not answer")
