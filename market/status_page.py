"""What `/status/` says: hops, rates, clients and freshness in words, from what processes report of themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from market.core.display import THIN_SPACE, grouped
from market.core.hop import ALERT_HOPS, BETWEEN_PROCESSES, OVER_THE_NET, PRICE_HOPS, Hop
from market.core.messages import ProcessReport
from market.core.viewer import Viewer
from market.core.wire import time_text
from market.feed_watch import FeedState
from market.phrases import phrase
from market.status_chart import HEIGHT, MARKS, WIDTH, Picture, duration, grid, picture, slots

OLDEST_SHOWN = 20  # symbols; all of them with ?symbols=all
_NOTHING = [0, -1, -1]
_STEPS = (1.0, 10.0, 60.0)  # seconds


@dataclass(frozen=True, slots=True)
class HopLine:
    """One hop in words, and its picture. `doubt` says what the numbers may be wrong by."""

    title: str
    about: str
    count: str
    median: str
    worst: str
    doubt: str
    picture: Picture
    points: Sequence[Sequence[int]]

    @property
    def doubt_kind(self) -> str:
        """`error` for a measured one, `includes` where something is in it that is no latency."""
        return "error" if self.doubt.startswith("±") else "includes"


@dataclass(frozen=True, slots=True)
class SymbolLine:
    """`age` is seconds since its price changed here; None before the first."""

    symbol: str
    exchange: str
    age: float | None
    mark: str
    time: str

    @property
    def ago(self) -> str:
        return "–" if self.age is None else age_text(self.age)


@dataclass(frozen=True, slots=True)
class Told:
    """What the page is made of, as of one moment."""

    viewer: Viewer
    feed: FeedState
    reports: list[ProcessReport]
    own: ProcessReport
    symbols: list[SymbolLine]
    everything: bool
    now_ms: int


def words(told: Told) -> dict[str, Any]:
    """What the template says."""
    feed = next((report for report in told.reports if report.role == "feed"), None)
    webs = [report for report in told.reports if report.role == "web"]
    hops = [hop_line(hop, feed, told.own, told.feed.source) for hop in PRICE_HOPS]
    ordered = sorted(told.symbols, key=lambda line: -1.0 if line.age is None else -line.age)
    return {
        "state": told.feed,
        "state_word": phrase(told.feed.feed),
        "reason": phrase(told.feed.reason) if told.feed.reason else "",
        "clock": clock_words(feed, told.feed.source),
        "hops": hops,
        "slots": slots(hop.points for hop in hops),
        "chart": {"width": WIDTH, "height": HEIGHT, "grid": grid(), "marks": MARKS},
        "rates": rate_lines(feed, told.own),
        "clients": client_lines(webs),
        "webs": len(webs),
        "fresh": fresh_lines(told.symbols),
        "symbols": ordered if told.everything else ordered[:OLDEST_SHOWN],
        "more": 0 if told.everything else max(0, len(ordered) - OLDEST_SHOWN),
        "staff": told.viewer.is_staff,
        "alert_hops": [hop_line(hop, feed, told.own, told.feed.source) for hop in ALERT_HOPS],
        "processes": [process_line(report, told) for report in told.reports],
        "now": time_text(told.now_ms),
    }


def hop_line(hop: Hop, feed: ProcessReport | None, own: ProcessReport, source: str) -> HopLine:
    """One hop as whoever timed it reports it: the feed or this process."""
    report = own if hop in own.hops else feed
    count, p50, p99 = report.hops.get(hop, _NOTHING) if report else _NOTHING
    points = list(report.points.get(hop, [])) if report else []
    title, about = _hop_words()[hop]
    doubt = _doubt(hop, feed, own, source)
    return HopLine(title, about, grouped(str(count)), duration(p50), duration(p99), doubt, picture(points), points)


def _hop_words() -> Mapping[Hop, tuple[str, str]]:
    return {
        Hop.RECEIVED: (_("Exchange to feed"), _("from the exchange's event until the feed has it")),
        Hop.PUBLISHED: (_("In the feed"), _("until it leaves, merged with what changed meanwhile")),
        Hop.RELAYED: (_("Feed to web"), _("through the channel layer to this web process")),
        Hop.WRITTEN: (_("Web to clients"), _("until it is written to every client that keeps up")),
        Hop.TOTAL: (_("All the way"), _("from the exchange's event to the clients")),
        Hop.ALERT_STORED: (_("Alert stored"), _("from the decision until it is a row")),
        Hop.ALERT_TOLD: (_("Alert told"), _("from the decision until clients of this process have it")),
    }


def _doubt(hop: Hop, feed: ProcessReport | None, own: ProcessReport, source: str) -> str:
    if feed is None:
        return ""
    if hop in OVER_THE_NET and source == "replay":
        return _("a recording has no clock to compare")
    if hop in OVER_THE_NET and feed.clock is None:
        return _("includes clock difference")
    if hop in BETWEEN_PROCESSES and feed.machine != own.machine:
        return _("includes the clock difference of two machines")
    return f"±\u202f{duration(feed.clock[1])}" if hop in OVER_THE_NET and feed.clock else ""


def clock_words(feed: ProcessReport | None, source: str) -> str:
    """What the exchange's clock is against ours."""
    if feed is None or source == "replay":
        return ""
    if feed.clock is None:
        return _("The exchange's clock is not measured: what comes from it includes the difference of the clocks.")
    offset, error = feed.clock
    places = {"offset": duration(abs(offset)), "error": duration(error)}
    if abs(offset) <= error:
        return _("The exchange's clock and ours agree to within %(error)s.") % places
    if offset > 0:
        told = _("The exchange's clock is %(offset)s ahead of ours (± %(error)s). Latencies are corrected for that.")
    else:
        told = _("The exchange's clock is %(offset)s behind ours (± %(error)s). Latencies are corrected for that.")
    return told % places


def rate_lines(feed: ProcessReport | None, own: ProcessReport) -> list[tuple[str, str, str]]:
    """(what, per second of the last minute, since the start)."""
    of_feed = (
        (_("Messages from the exchange"), "received"),
        (_("Prices merged into newer ones"), "merged"),
        (_("Prices published"), "published"),
        (_("Prices older than what was known"), "older"),
        (_("Messages that were no price"), "bad"),
        (_("Reconnects to the exchange"), "reconnects"),
    )
    of_web = (
        (_("Batches taken by this web process"), "batches"),
        (_("Batches it missed"), "gaps"),
        (_("Frames written to WebSockets"), "written_ws"),
        (_("Frames written to event streams"), "written_sse"),
    )
    lines = [_rate(name, feed, key) for name, key in of_feed] if feed else []
    return lines + [_rate(name, own, key) for name, key in of_web]


def _rate(name: str, report: ProcessReport, key: str) -> tuple[str, str, str]:
    rate = report.rates.get(key, 0.0)
    return name, f"{rate:.{1 if rate < 100 else 0}f}", grouped(str(report.counts.get(key, 0)))


def client_lines(webs: Sequence[ProcessReport]) -> list[tuple[str, str, str, str]]:
    """(transport, clients of all web processes, connections and those of them that came back, since the start)."""
    names = (
        *((_("WebSocket"), "ws"), (_("Event stream"), "sse")),
        *((_("Long poll"), "poll"), (_("Durable events"), "events")),
    )
    return [(name, _now(webs, key), _sum(webs, f"joined_{key}"), _sum(webs, f"returned_{key}")) for name, key in names]


def _now(webs: Sequence[ProcessReport], key: str) -> str:
    return grouped(str(sum(web.levels.get(key, 0) for web in webs)))


def _sum(webs: Sequence[ProcessReport], key: str) -> str:
    found = [web.counts[key] for web in webs if key in web.counts]
    return grouped(str(sum(found))) if found else "–"


def fresh_lines(symbols: Sequence[SymbolLine]) -> list[tuple[str, int]]:
    """How many symbols changed within a second, ten, a minute, before that, and never."""
    found, least = [], 0.0
    for most in _STEPS:
        time = age_text(most).replace(".0", "")
        found.append((_("within %(time)s") % {"time": time}, _aged(symbols, least, most)))
        least = most
    found.append((_("longer ago"), _aged(symbols, least, float("inf"))))
    return [*found, (_("not yet"), sum(1 for line in symbols if line.age is None))]


def _aged(symbols: Sequence[SymbolLine], least: float, most: float) -> int:
    return sum(1 for line in symbols if line.age is not None and least <= line.age < most)


def process_line(report: ProcessReport, told: Told) -> dict[str, Any]:
    """One process, for staff."""
    shown = (Hop.RECEIVED, Hop.PUBLISHED) if report.role == "feed" else (Hop.RELAYED, Hop.WRITTEN)
    levels = {key: value for key, value in report.levels.items() if value}
    return {
        "role": _("Feed") if report.role == "feed" else _("Web"),
        "name": report.name,
        "is_this": report is told.own,
        "age": age_text((told.now_ms - report.started_ms) / 1000),
        "hops": [(_hop_words()[hop][0], *map(duration, report.hops.get(hop, _NOTHING)[1:])) for hop in shown],
        "levels": ", ".join(f"{key} {value}" for key, value in levels.items()) or "–",
    }


def age_text(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min`, `5 h`, `2 d`."""
    for size, words in ((86_400, _("%(count)s d")), (3_600, _("%(count)s h")), (60, _("%(count)s min"))):
        if seconds >= size:
            return _counted(words, str(int(seconds // size)))
    return _counted(_("%(count)s s"), f"{max(0.0, seconds):.{1 if seconds < 9.95 else 0}f}")


def _counted(words: str, count: str) -> str:
    return (words % {"count": count}).replace(" ", THIN_SPACE)
