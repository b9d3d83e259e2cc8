"""A web process's numbers for Prometheus."""

from collections.abc import Iterable, Mapping

from market.core.line import NEVER
from market.core.messages import DELAYED, DOWN, LIVE, STALE
from market.hub import Hub
from market.metrics import Metric, counter, gauge, gauges, hop_histograms

STATES = (LIVE, DELAYED, STALE, DOWN)
TRANSPORTS = ("ws", "sse")


def families(hub: Hub) -> Iterable[Metric]:
    """As of now."""
    hops = hub.hops.hops
    counts, levels, now = hops.counts(), hops.levels(), hub.clock()
    yield hop_histograms(hops.latencies)
    yield counter("pricefeed_web_batches_relayed", "Batches of prices that came by the layer.", counts["batches"])
    yield counter("pricefeed_web_gaps", "How often batches were missing and asked for.", counts["gaps"])
    yield counter("pricefeed_web_frames_written", "Frames with prices.", _by(counts, "written"), "transport")
    yield counter("pricefeed_web_connects", "Connections of clients.", _by(counts, "joined"), "transport")
    yield counter("pricefeed_web_returns", "Connections that came with a cursor.", _by(counts, "returned"), "transport")
    yield counter("pricefeed_web_clients_cut_off", "Clients that took nothing for too long.", counts["cut_off"])
    clients = {name: levels[name] for name in (*TRANSPORTS, "poll", "events")}
    yield gauge("pricefeed_web_clients", "Connected clients.", clients, "transport")
    yield gauge("pricefeed_web_clients_lagging", "Clients whose buffer is full.", levels["paused"])
    states = {each: each == hub.state.feed for each in STATES}
    yield gauge("pricefeed_web_state", "1 for the state of prices here.", states, "state")
    ages = [
        ((line.quote.exchange, line.quote.symbol), now - line.at)
        for line in hub.newer(None, NEVER)
        if line.at is not None
    ]
    yield gauges("pricefeed_web_symbol_age_seconds", "Since its price changed here.", ("exchange", "symbol"), ages)


def _by(counts: Mapping[str, int], name: str) -> dict[str, float]:
    return {transport: counts[f"{name}_{transport}"] for transport in TRANSPORTS}
