"""The feed's numbers for Prometheus."""

from collections.abc import Iterable

from market.core.messages import DELAYED, DOWN, LIVE, STALE
from market.feed import Feed
from market.metrics import Metric, counter, expose, gauge, hop_histograms

STATES = (LIVE, DELAYED, STALE, DOWN)


def expose_feed(feed: Feed) -> None:
    """From now on this process's metrics are of this feed, which runs in this loop."""
    expose("feed", lambda: families(feed))


def families(feed: Feed) -> Iterable[Metric]:
    """As of now."""
    counts, levels, clock = feed.hops.hops.counts(), feed.levels, feed.hops.clock_offset()
    yield hop_histograms(feed.hops.hops.latencies)
    yield counter("pricefeed_feed_frames_received", "Frames of the exchange.", counts["received"])
    yield counter("pricefeed_feed_frames_bad", "Frames, or parts of them, that were no price.", counts["bad"])
    yield counter("pricefeed_feed_ticks_older", "Ticks older than what was known.", counts["older"])
    yield counter("pricefeed_feed_quotes_merged", "Quotes replaced by newer ones before they left.", counts["merged"])
    yield counter("pricefeed_feed_quotes_published", "Quotes that left for the web processes.", counts["published"])
    yield counter("pricefeed_feed_reconnects", "Connections to the exchange after an outage.", counts["reconnects"])
    yield counter("pricefeed_feed_clock_sets", "How often the exchange's clock was set, or ours.", counts["clock_sets"])
    yield gauge("pricefeed_feed_symbols", "Watched symbols.", levels["symbols"])
    yield gauge("pricefeed_feed_symbols_halted", "Watched symbols that do not trade.", levels["halted"])
    yield gauge("pricefeed_feed_symbols_silent", "Watched symbols without prices.", levels["silent"])
    yield gauge("pricefeed_feed_decisions_waiting", "Decisions about alerts that are no rows yet.", levels["decisions"])
    state = feed.judgement.feed
    yield gauge("pricefeed_feed_state", "1 for the state of prices.", {each: each == state for each in STATES}, "state")
    if clock is not None:
        yield gauge("pricefeed_exchange_clock_offset_seconds", "The exchange's clock less ours.", clock[0] / 1e6)
        yield gauge("pricefeed_exchange_clock_error_seconds", "How wrong that may be.", clock[1] / 1e6)
