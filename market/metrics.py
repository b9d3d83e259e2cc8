"""What a process measured, for Prometheus: families made when somebody asks, from numbers that are kept anyway.

The door to prometheus_client. Nothing of it is touched by a price.
"""

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from market.core.hop import Hop
from market.core.latency import Latency

__all__ = ["Metric", "counter", "expose", "exposition", "gauge", "gauges", "hop_histograms", "serve"]

# Where the histograms are cut (µs): edges of core/latency's buckets, two to each doubling, from 0.1 ms to 67 s.
BOUNDS = sorted([1 << power for power in range(7, 27)] + [3 << power - 1 for power in range(7, 26)])

WITHIN = 5.0  # seconds that a loop may take to answer; one that takes longer has other worries

Collect = Callable[[], Iterable[Metric]]


class _Sources(Collector):
    """The roles of this process; the newest of each, as a feed that crashed is started again."""

    def __init__(self) -> None:
        self.by_role: dict[str, tuple[Collect, asyncio.AbstractEventLoop]] = {}

    def collect(self) -> Iterable[Metric]:
        """Families of one name are one, whoever gives them. Raises TimeoutError."""
        families: dict[str, Metric] = {}
        for collect, loop in list(self.by_role.values()):
            if loop.is_closed():
                continue
            for family in asyncio.run_coroutine_threadsafe(_collected(collect), loop).result(WITHIN):
                if family.name in families:
                    families[family.name].samples += family.samples
                else:
                    families[family.name] = family
        return list(families.values())


async def _collected(collect: Collect) -> list[Metric]:
    return list(collect())


_sources = _Sources()
REGISTRY = CollectorRegistry(auto_describe=False)
REGISTRY.register(_sources)
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)


def expose(role: str, collect: Collect) -> None:
    """From now on `collect` says how this process does as `role`. Called in the loop that runs now, of one moment."""
    _sources.by_role[role] = (collect, asyncio.get_running_loop())


def exposition(accept: str) -> tuple[bytes, str]:
    """The text for whoever sent this `Accept`, and its content type. To be called in a thread: it waits for loops."""
    encoder, content_type = choose_encoder(accept)
    return encoder(REGISTRY), content_type


def serve(host: str, port: int) -> tuple[WSGIServer, threading.Thread]:
    """The library's own server, for a process without one. Raises OSError for an address that is busy or not ours."""
    return start_http_server(port, addr=host, registry=REGISTRY)


def counter(name: str, about: str, values: Mapping[str, float] | float, label: str = "") -> Metric:
    """`values` by the value of `label`, or one number. `_total` is added to the name."""
    return _filled(CounterMetricFamily(name, about, labels=[label] if label else []), values)


def gauge(name: str, about: str, values: Mapping[str, float] | float, label: str = "") -> Metric:
    """The same for what goes up and down."""
    return _filled(GaugeMetricFamily(name, about, labels=[label] if label else []), values)


def gauges(name: str, about: str, labels: Sequence[str], rows: Iterable[tuple[Sequence[str], float]]) -> Metric:
    """The same with several labels."""
    family = GaugeMetricFamily(name, about, labels=labels)
    for names, value in rows:
        family.add_metric(names, value)
    return family


def hop_histograms(hops: Mapping[Hop, Latency]) -> Metric:
    """How long each hop takes, in seconds, since the start."""
    family = HistogramMetricFamily(
        "pricefeed_hop_seconds",
        "How long prices and alerts take: received, published, relayed, written, total; alert_stored, alert_told.",
        labels=["hop"],
    )
    for name, latency in hops.items():
        family.add_metric([name.value], buckets=_buckets(latency), sum_value=latency.sum / 1e6)
    return family


def _buckets(latency: Latency) -> list[tuple[str, float]]:
    counts = latency.below(BOUNDS)
    cut = [(str(bound / 1e6), float(count)) for bound, count in zip(BOUNDS, counts, strict=True)]
    return [*cut, ("+Inf", float(max(latency.count, counts[-1])))]


def _filled(family: Any, values: Mapping[str, float] | float) -> Metric:
    if isinstance(values, Mapping):
        for name, value in values.items():
            family.add_metric([name], value)
    else:
        family.add_metric([], values)
    metric: Metric = family
    return metric
