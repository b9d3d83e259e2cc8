"""The board: a page that is complete without JavaScript, and the list of symbols for pages that are open.

Both answer from this process's hub, list of symbols and thresholds, without the database: a locked one does not stop
them. Who signed in is asked of it, and waited for briefly: their own rules are marked too.
"""

import asyncio
import contextlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from typing import Any, NamedTuple
from urllib.parse import quote as quote_path

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.http import parse_etags
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from market.core import display
from market.core.messages import LIVE
from market.core.viewer import NOBODY, Viewer
from market.core.wire import WireQuote, time_text
from market.feed_watch import FeedState
from market.hub import Reading
from market.page_modules import modules_of
from market.relay import current
from market.threshold_book import Threshold
from market.threshold_mark import nearest
from market.viewer import session_of
from market.watchlist import Watched


class Row(NamedTuple):
    """One symbol as escaped text for `_price_row.html`. `sign` is up, down or empty, of the day's change."""

    key: str
    position: str
    digits: str
    base: str
    quote: str
    quote_asset: str
    page: str
    mark: str
    past: str
    rule: str
    distance: str
    price: str
    change: str
    sign: str
    high: str
    low: str
    bid: str
    ask: str
    volume: str
    turnover: str
    time: str
    clock: str


MOST_ASSETS = 8  # quote assets that rows can be chosen by

_NONE = display.ABSENT
_NO_QUOTE = (_NONE, _NONE, "", _NONE, _NONE, _NONE, _NONE, _NONE, _NONE, "", _NONE)
_NO_THRESHOLD = ("", "", "")
BLANK = Row("", "", "", "", "", "", "", "", *_NO_THRESHOLD, *_NO_QUOTE)
THRESHOLDS_WITHIN, VIEWER_WITHIN = 1.0, 0.5  # seconds that the first page, and each of who is signed in, waits for them
_PLACES = Row(*(SafeString(f"{{{index}}}") for index in range(len(Row._fields))))


@require_safe
async def board(request: ASGIRequest) -> HttpResponse:
    """All watched symbols with the newest prices of this process."""
    relay = current()
    await relay.ready()
    reading = relay.hub.read(None, None)
    prices = {f"{quote.exchange}:{quote.symbol}": quote.numbers["price"] for quote in reading.quotes}
    await relay.thresholds.ready(THRESHOLDS_WITHIN)
    thresholds = relay.thresholds.known_to(await _viewer(request), prices)
    # Writing hundreds of rows takes long enough to be felt by prices, so it is not done in their thread.
    words = partial(page_words, relay.watched, reading, time.time_ns() // 1_000_000, thresholds=thresholds)
    return await sync_to_async(_page)(request, words)


async def _viewer(request: ASGIRequest) -> Viewer:
    """Whose thresholds are marked; nobody's own where the database does not say soon who it is."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(VIEWER_WITHIN):
            return await current().viewers.of(session_of(request.scope))
    return NOBODY


@require_safe
async def symbols(request: ASGIRequest) -> HttpResponse:
    """`{"symbols":[{"exchange","symbol","base","quote","digits","position","halted"}]}` in the board's order.

    `digits` is null where the tick size is not known. Answers 304 to the ETag of the same list.
    """
    relay = current()
    await relay.ready()
    body = json.dumps([_listing(row) for row in relay.watched]).encode()
    tag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    if tag in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponseNotModified(headers={"ETag": tag})
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    return HttpResponse(b'{"symbols": ' + body + b"}", content_type="application/json", headers=headers)


def _page(request: ASGIRequest, words: Callable[[], dict[str, Any]]) -> HttpResponse:
    response = render(request, "market/board.html", words())
    response["Cache-Control"] = "no-cache"
    return response


def page_words(
    watched: Sequence[Watched], reading: Reading, now_ms: int, *, thresholds: Sequence[Threshold] = ()
) -> dict[str, Any]:
    """What the template says. `quotes` and `cursor` let the page go on where this snapshot ends."""
    feed = reading.feed
    quotes = {(quote.exchange, quote.symbol): quote for quote in reading.quotes}
    by_key: dict[str, list[Threshold]] = {}
    for threshold in thresholds:
        by_key.setdefault(threshold.key, []).append(threshold)
    return {
        "rows": _rows(_row(row, quotes.get(row.key), feed, by_key) for row in watched),
        "count": len(watched),
        "quote_assets": _quote_assets(watched),
        "blank": BLANK,
        "modules": modules_of("market/js/page/board.js"),
        "cursor": reading.cursor,
        "quotes": f"[{b','.join(reading.texts).decode()}]",
        "feed": feed,
        "is_live": feed.feed == LIVE,
        "is_stale": feed.feed != LIVE and bool(quotes),
        "notice": feed.feed if quotes or feed.feed == LIVE else "empty",
        "halted": " ".join(sorted(feed.halted)),
        "silent": " ".join(sorted(feed.silent)),
        "now_ms": now_ms,
        "clock": _clock(time_text(now_ms)),
    }


def _quote_assets(watched: Sequence[Watched]) -> list[str]:
    """To choose rows by, the most frequent first; none where all are the same."""
    found = Counter(row.quote for row in watched if row.quote)
    return [asset for asset, _ in found.most_common(MOST_ASSETS)] if len(found) > 1 else []


def _rows(rows: Iterable[Row]) -> SafeString:
    """The template of a row is written once with places instead of values: a tenth of the time for 500 rows."""
    pattern = render_to_string("market/_price_row.html", {"row": _PLACES})
    return SafeString("".join(pattern.format(*row) for row in rows))


def _row(
    watched: Watched, quote: WireQuote | None, feed: FeedState, thresholds: Mapping[str, Sequence[Threshold]]
) -> Row:
    halted = watched.halted or watched.symbol in feed.halted
    return Row(
        escape(f"{watched.exchange}:{watched.symbol}"),
        str(watched.position),
        "" if watched.digits is None else str(watched.digits),
        escape(watched.base or watched.symbol),
        f"/{escape(watched.quote)}" if watched.quote else "",
        escape(watched.quote),
        escape(f"/symbols/{quote_path(watched.exchange)}/{quote_path(watched.symbol)}/"),
        escape(gettext("halted") if halted else "" if quote else gettext("no data yet")),
        *(_NO_THRESHOLD if quote is None else _threshold(watched, quote, thresholds)),
        *(_NO_QUOTE if quote is None else _cells(quote, watched.digits)),
    )


def _threshold(
    watched: Watched, quote: WireQuote, thresholds: Mapping[str, Sequence[Threshold]]
) -> tuple[str, str, str]:
    """Of its own rules and of those on all symbols the nearest."""
    mine = (*thresholds.get(f"{watched.exchange}:{watched.symbol}", ()), *thresholds.get("", ()))
    mark = nearest(mine, quote.numbers) if mine else None
    return (
        _NO_THRESHOLD if mark is None else (" data-past" if mark.past else "", escape(mark.title), escape(mark.words))
    )


def _cells(quote: WireQuote, digits: int | None) -> tuple[str, ...]:
    """Digits, signs and units only: nothing to escape."""
    number, price, language = quote.numbers.get, display.price, get_language() or ""
    change = display.percent(number("change_24h"))
    time_of_quote = time_text(quote.time_ms)
    return (
        price(number("price"), digits),
        change,
        "up" if change.startswith("+") else "down" if change.startswith(display.MINUS) else "",
        price(number("high_24h"), digits),
        price(number("low_24h"), digits),
        price(number("bid"), digits),
        price(number("ask"), digits),
        display.volume(number("volume_24h"), language),
        display.volume(number("quote_volume_24h"), language),
        time_of_quote,
        _clock(time_of_quote),
    )


def _clock(time_of_day: str) -> str:
    """The time of day, UTC, of `2026-01-10T07:15:00.123Z`."""
    return time_of_day[11:19]


def _listing(watched: Watched) -> dict[str, Any]:
    return {
        "exchange": watched.exchange,
        "symbol": watched.symbol,
        "base": watched.base,
        "quote": watched.quote,
        "digits": watched.digits,
        "position": watched.position,
        "halted": watched.halted,
    }
