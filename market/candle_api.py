"""`/api/candles`: what was traded, in candles of six intervals; the open one comes last."""

import json
import re
from datetime import UTC, datetime
from hashlib import blake2b

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, HttpResponseNotModified, QueryDict
from django.utils.http import parse_etags

from market.api import here
from market.candle_rows import Asked, Found, apart, find, source_of, version
from market.core.candle import Candle
from market.core.interval import Interval
from market.core.request import BadField, read_names, read_one_interval
from market.endpoint import endpoint
from market.hub import Hub
from market.json_error import Refused

LIMIT, MOST = 500, 1000
LAST_MS = 253_402_300_799_999  # the end of the year 9999
_MS = re.compile(r"[0-9]{1,15}", re.ASCII)
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]{5,15}(Z|[+-][0-9:]{4,6})?)?", re.ASCII)


@endpoint("GET", "HEAD")
async def candles(request: ASGIRequest) -> HttpResponse:
    """`{"symbol","exchange","interval","source","data":[Candle],"gaps":[{"from","to","reason"}],"complete"}`.

    `symbol`, and optional: `interval` (1m), `from` (included) and `to` (not included) in ms or ISO 8601, `limit`. With
    `from` the oldest of the range, without it the newest; in the order of time. A gap never comes; while `complete` is
    false more may. `ETag` changes with any of it. Errors, all 400: bad_field, unknown_symbol.
    """
    hub = await here()
    asked = read_question(hub, request.GET)
    source, now = source_of(hub, asked.key), await hub.candles.now(asked.key, asked.interval)
    tag = _tag(asked, await apart(version, asked, source), now)
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if tag in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponseNotModified(headers=headers)
    body = await apart(_answer, asked, source, now)
    return HttpResponse(body, content_type="application/json", headers=headers)


def read_question(hub: Hub, query: QueryDict) -> Asked:
    """Raises Refused."""
    try:
        asked = Asked(
            _key(hub, query.get("symbol", "")),
            read_one_interval(query.get("interval", Interval.M1.value)),
            _time(query, "from"),
            _time(query, "to"),
            _limit(query.get("limit", "")),
        )
    except BadField as error:
        raise Refused(400, error.code, str(error)) from error
    if asked.start_ms is not None and asked.end_ms is not None and asked.end_ms < asked.start_ms:
        raise Refused(400, "bad_field", "to is before from")
    return asked


def _key(hub: Hub, name: str) -> tuple[str, str]:
    names = read_names([name], most=1)
    if not names:
        raise BadField("symbol is the name of one symbol, like BTCUSDT")
    keys, unknown = hub.names.resolve(names)
    if unknown:
        raise BadField(f"{unknown[0]} is not watched", "unknown_symbol")
    return next(iter(keys))


def _time(query: QueryDict, name: str) -> int | None:
    """ms since 1970; a time without a zone is UTC."""
    text = query.get(name, "").strip()
    if not text:
        return None
    if _MS.fullmatch(text) and int(text) <= LAST_MS:
        return int(text)
    # A plus in a query is a space.
    text = re.sub(r"(:\d\d(?:\.\d+)?) (\d\d:?\d\d)$", r"\1+\2", text)
    try:
        if not _ISO.fullmatch(text):
            raise ValueError(text)
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        return max(0, int(moment.timestamp() * 1000))
    except (ValueError, OverflowError):
        raise BadField(f"{name} is ms since 1970, or a time like 2026-01-10T07:15:00Z") from None


def _limit(text: str) -> int:
    if not text:
        return LIMIT
    if not (text.isascii() and text.isdecimal() and len(text) < 9 and 0 < int(text) <= MOST):
        raise BadField(f"limit is a whole number from 1 to {MOST}")
    return int(text)


def _tag(asked: Asked, stored: str, now: Candle | None) -> str:
    open_one = "" if now is None or not asked.takes(now) else now.json()
    return f'"{blake2b(f"{asked} {stored} {open_one}".encode(), digest_size=12).hexdigest()}"'


def _answer(asked: Asked, source: str, now: Candle | None) -> bytes:
    return answer_text(asked, find(asked, source, now)).encode()


def answer_text(asked: Asked, found: Found) -> str:
    """The numbers of candles are JSON already, digit by digit."""
    exchange, symbol = asked.key
    gaps = [{"from": gap.start_ms, "to": gap.end_ms, "reason": gap.reason} for gap in found.gaps]
    words = {"symbol": symbol, "exchange": exchange, "interval": asked.interval, "source": found.source}
    rest = json.dumps({**words, "gaps": gaps, "complete": found.complete}, ensure_ascii=False)
    return f'{rest[:-1]}, "data": [{",".join(candle.json() for candle in found.candles)}]}}'
