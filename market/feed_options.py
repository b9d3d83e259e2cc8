"""What a feed is told at its start: where prices come from, how they are called, and every delay."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from market.candle_pace import CandlePace, candle_pace
from market.control import ControlPace
from market.core.messages import FEED_HEARTBEAT
from market.core.quote import SOURCES
from market.core.staleness import Limits
from market.exchanges.recorder import RecordTo
from market.exchanges.stream import PACE, Pace
from market.feed_hops import HopsPace
from market.flush import FlushPace
from market.journal import JournalPace
from market.judge import JudgePace
from market.listings import ListingsPace

BINANCE, SIMULATOR, REPLAY, TEST = SOURCES
BINANCE_DOMAINS = ("binance.com", "binance.vision")


@dataclass(frozen=True, slots=True)
class FeedPace:
    """Every delay of the feed, so that a test can be quick. `heartbeat` and `watchlist` are in seconds."""

    heartbeat: float = FEED_HEARTBEAT
    watchlist: float = 1.0
    stream: Pace = PACE
    flush: FlushPace = FlushPace()
    control: ControlPace = ControlPace()
    journal: JournalPace = JournalPace()
    listings: ListingsPace = ListingsPace()
    limits: Limits = Limits()
    judge: JudgePace = JudgePace()
    candles: CandlePace = CandlePace()
    hops: HopsPace = HopsPace()


@dataclass(frozen=True, slots=True)
class FeedOptions:
    """Where prices come from. `mode` is one of exchanges.base.MODES, `source` what clients are told.

    `record` says where to keep every frame.
    """

    stream_url: str
    rest_url: str
    source: str
    exchange: str = "binance"
    mode: str = "tickers"
    pace: FeedPace = field(default_factory=FeedPace)
    record: RecordTo | None = None


def source_of(stream_url: str, source: str = "") -> str:
    """Where prices come from, as clients are told: `binance` only when the host is Binance's own.

    `source` overrides what is seen from the address. Raises ImproperlyConfigured when it claims what is not so.
    """
    host = urlsplit(stream_url).hostname or ""
    genuine = any(host == domain or host.endswith(f".{domain}") for domain in BINANCE_DOMAINS)
    if source == TEST or (source == BINANCE and not genuine):
        raise ImproperlyConfigured(f"prices of {host} cannot be shown as {source}")
    return source or (BINANCE if genuine else SIMULATOR)


def options_from_settings(
    *, stream_url: str = "", rest_url: str = "", source: str = "", mode: str = "", record: RecordTo | None = None
) -> FeedOptions:
    """The feed that the environment describes; what is given here counts instead."""
    stream_url = stream_url or settings.BINANCE_STREAM_URL
    return FeedOptions(
        stream_url=stream_url,
        rest_url=rest_url or settings.BINANCE_REST_URL,
        source=source_of(stream_url, source or settings.PRICE_SOURCE),
        mode=mode or settings.FEED_STREAMS,
        pace=FeedPace(flush=FlushPace(window=settings.CONFLATION_MS / 1000), candles=candle_pace()),
        record=record,
    )
