"""`/api/sparklines`: how each symbol's price went in the last 24 hours, for all rows of the board in one answer."""

import gzip
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from threading import Lock

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags

from market.alert_desk import apart
from market.cohort import Key
from market.core.interval import Interval
from market.endpoint import endpoint
from market.history import closes
from market.relay import current

STEP = Interval.M15
POINTS = 96  # 24 hours of them
HELD = 30.0  # seconds that an answer is good for everybody
_COMPRESSION = 5  # of gzip: beyond it costs more than it saves

Closes = Mapping[Key, Sequence[tuple[int, Decimal]]]


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes
    packed: bytes
    tag: str


class Sparklines:
    """Synchronous, from any thread; database errors propagate. `clock` is monotonic seconds, `wall` ms since 1970.

    Everybody sees the same: however many pages ask, the database is read twice a minute, and not at all when none does.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._clock = clock
        self._wall = wall
        self._lock = Lock()
        self._held: tuple[float, object, Answer] | None = None

    def of(self, source: str, keys: Sequence[Key]) -> Answer:
        """Prices of one source only: simulated ones are never drawn beside real ones."""
        with self._lock:
            now, asked = self._clock(), (source, tuple(keys))
            if self._held is None or self._held[1] != asked or now - self._held[0] >= HELD:
                self._held = now, asked, self._read(source, keys)
            return self._held[2]

    def _read(self, source: str, keys: Sequence[Key]) -> Answer:
        # Whole steps only: what is in the answer, and so its tag, changes every 15 minutes.
        end = STEP.floor(self._wall())
        begin = end - POINTS * STEP.ms
        found = closes(source, keys, interval=STEP, start_ms=begin)
        body = _text(source, begin, {key: points(found[key], begin) for key in keys if found.get(key)}).encode()
        tag = f'W/"{blake2b(body, digest_size=12).hexdigest()}"'
        return Answer(body, gzip.compress(body, _COMPRESSION, mtime=0), tag)


@endpoint("GET", "HEAD")
async def sparklines(request: ASGIRequest) -> HttpResponse:
    """`{"source","from","step","data":{"binance:BTCUSDT":[61828.02,null,…]}}`: closing prices of the last 24 hours.

    Number i is the last price of the `step` ms from `from` + i·`step` on (ms since 1970), null where nothing is known.
    Symbols of which nothing is known are left out. 304 to the same ETag.
    """
    relay = current()
    await relay.ready()
    answer = await apart(_sparklines.of, relay.hub.state.source, [row.key for row in relay.watched])
    headers = {"ETag": answer.tag, "Cache-Control": "no-cache"}
    if answer.tag in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponseNotModified(headers=headers)
    packs = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(answer.packed if packs else answer.body, content_type="application/json", headers=headers)
    if packs:
        response["Content-Encoding"] = "gzip"
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


def points(prices: Iterable[tuple[int, Decimal]], begin: int) -> list[Decimal | None]:
    """One place for each step from `begin` (ms since 1970) on; None where there is no price."""
    places: list[Decimal | None] = [None] * POINTS
    for open_ms, close in prices:
        place = (open_ms - begin) // STEP.ms
        if 0 <= place < POINTS:
            places[place] = close
    return places


def _text(source: str, begin: int, series: Mapping[Key, Sequence[Decimal | None]]) -> str:
    """Written by hand, so that the digits of a price stay what they are."""
    rows = ",".join(
        f"{_quoted(f'{exchange}:{symbol}')}:[{_numbers(line)}]" for (exchange, symbol), line in series.items()
    )
    return f'{{"source":{_quoted(source)},"from":{begin},"step":{STEP.ms},"data":{{{rows}}}}}'


def _numbers(line: Sequence[Decimal | None]) -> str:
    return ",".join("null" if number is None else f"{number:f}" for number in line)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


_sparklines = Sparklines()
