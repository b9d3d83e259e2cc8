"""What the page of a symbol says before any JavaScript runs: the price, its day, and the newest candles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from market.alert_desk import visible_to
from market.alert_summary import newest_of
from market.alert_timeline import AlertLine, line
from market.candle_rows import Found
from market.core import display
from market.core.candle import Candle
from market.core.interval import Interval
from market.core.messages import LIVE
from market.core.quote import percent_change
from market.core.viewer import Viewer
from market.core.wire import WireQuote, number_text, time_text
from market.feed_watch import FeedState
from market.hub import Reading
from market.threshold_api import seen_by
from market.watchlist import Watched

ALERTS_SHOWN = 8
NO_CANDLES = Found("", (), (), complete=False)


@dataclass(frozen=True, slots=True)
class Fact:
    """One number of the day. `name` is what the page's script calls it; `exact` stands in its title."""

    name: str
    label: str
    text: str
    exact: str = ""


@dataclass(frozen=True, slots=True)
class CandleRow:
    """One line of the table of recent candles. `sign` is up, down or empty."""

    at: datetime
    open: str
    high: str
    low: str
    close: str
    change: str
    sign: str
    volume: str
    closed: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What was read for one page; all of one moment, `now_ms`."""

    watched: Watched
    reading: Reading
    interval: Interval
    candles: Found
    viewer: Viewer
    now_ms: int


def page_words(known: Known) -> dict[str, Any]:
    """What the template says. Synchronous: it asks for alerts and rules."""
    watched, feed = known.watched, known.reading.feed
    quote = next(iter(known.reading.quotes), None)
    lines, may_change = seen_by(known.viewer, watched.key)
    change = display.percent(quote.numbers.get("change_24h") if quote else None)
    return {
        "watched": watched,
        "name": f"{watched.base}/{watched.quote}" if watched.base and watched.quote else watched.symbol,
        "tick": number_text(watched.tick_size) if watched.tick_size else "",
        "price": display.price(quote.numbers["price"] if quote else None, watched.digits),
        "change": change,
        "sign": sign_of(change),
        "time": time_text(quote.time_ms) if quote else "",
        "facts": list(facts(quote, watched.digits)),
        "quotes": f"[{b','.join(known.reading.texts).decode()}]",
        "interval": known.interval,
        "intervals": list(Interval),
        "rows": [row(candle, watched.digits) for candle in reversed(known.candles.candles)],
        "thresholds": lines,
        "may_change": may_change,
        "lines": alert_lines(known),
        "newest": newest_of(known.viewer),
        "viewer": known.viewer,
        **state_words(watched, feed, quote, now_ms=known.now_ms),
    }


def state_words(watched: Watched, feed: FeedState, quote: WireQuote | None, *, now_ms: int) -> dict[str, Any]:
    """How far the price may be trusted; the same words as the board's."""
    halted = watched.halted or watched.symbol in feed.halted
    return {
        "feed": feed,
        "is_live": feed.feed == LIVE,
        "is_stale": feed.feed != LIVE and quote is not None,
        "notice": feed.feed if quote or feed.feed == LIVE else "empty",
        "halted": " ".join(sorted(feed.halted)),
        "silent": " ".join(sorted(feed.silent)),
        "mark": _("halted") if halted else "" if quote else _("no data yet"),
        "mark_kind": "halted" if halted else "" if quote else "empty",
        "now_ms": now_ms,
        "clock": time_text(now_ms)[11:19],
    }


def facts(quote: WireQuote | None, digits: int | None) -> Sequence[Fact]:
    """Those of the last 24 hours, and the best offers."""
    labels = {
        "high_24h": _("24 h high"),
        "low_24h": _("24 h low"),
        "open_24h": _("24 h open"),
        "bid": _("Bid"),
        "ask": _("Ask"),
        "volume_24h": _("24 h volume"),
        "quote_volume_24h": _("24 h turnover"),
    }
    numbers = quote.numbers if quote else {}
    made = []
    for name, label in labels.items():
        text = numbers.get(name)
        shown = display.volume(text) if "volume" in name else display.price(text, digits)
        made.append(Fact(name, label, shown, text or ""))
    return made


def row(candle: Candle, digits: int | None) -> CandleRow:
    moved = percent_change(candle.close, candle.open)
    change = display.percent(None if moved is None else number_text(moved))
    return CandleRow(
        at=datetime.fromtimestamp(candle.open_ms / 1000, UTC),
        open=_price(candle.open, digits),
        high=_price(candle.high, digits),
        low=_price(candle.low, digits),
        close=_price(candle.close, digits),
        change=change,
        sign=sign_of(change),
        volume=display.volume(number_text(candle.volume)),
        closed=candle.closed,
    )


def alert_lines(known: Known) -> list[AlertLine]:
    """The last alerts of the symbol that the viewer may see."""
    exchange, symbol = known.watched.key
    rows = visible_to(known.viewer).filter(exchange=exchange, symbol=symbol).order_by("-pk")[:ALERTS_SHOWN]
    now = timezone.now()
    return [line(each, known.viewer, [known.watched], now) for each in rows]


def sign_of(change: str) -> str:
    return "up" if change.startswith("+") else "down" if change.startswith(display.MINUS) else ""


def _price(price: Decimal, digits: int | None) -> str:
    return display.price(number_text(price), digits)
