"""`/metrics` of a web process: what it says, and to whom."""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.test import AsyncClient
from pytest_django import Settings

from market import metrics
from market.core.messages import Stamp
from market.relay import Relay
from pricefeed.asgi import application
from tests.support.batches import NOON, batch, feed_status, quote, settle
from tests.support.metrics import Exposition
from tests.support.reader import Reader

LOOPBACK = "127.0.0.1"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
NAME = re.compile(r"[a-z][a-z0-9_]*")
UNITS = ("_seconds", "_bytes", "_info")


@pytest.fixture(autouse=True)
def only_this_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing that other tests of this process exposed."""
    monkeypatch.setattr(metrics._sources, "by_role", {})
    yield


@pytest.fixture
async def shown(relay: Relay) -> AsyncIterator[Relay]:
    hub = relay.hub
    hub.hear(feed_status())
    Reader(hub).connect()
    hub.apply(batch(1, quote("100"), epoch="k3f9", stamp=Stamp(20_000, 30_000, NOON * 1000)))
    await settle()
    yield relay


async def ask(peer: str = LOOPBACK, **kwargs: Any) -> httpx.Response:
    app: Any = application
    transport = httpx.ASGITransport(app, client=(peer, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.request(kwargs.pop("method", "GET"), "/metrics", **kwargs)


async def test_prometheus_can_read_it(shown: Relay) -> None:
    response = await ask()
    told = Exposition(response.text)

    assert response.headers["content-type"].startswith("text/plain; version=")
    assert told("pricefeed_hop_seconds_count", hop="relayed") == 1
    assert told("pricefeed_hop_seconds_count", hop="written") == 1
    assert told("pricefeed_web_frames_written_total", transport="ws") == 1
    assert told("pricefeed_web_clients", transport="ws") == 1
    assert told("pricefeed_web_state", state="live") == 1
    assert told("pricefeed_web_symbol_age_seconds", symbol="BTCUSDT") >= 0
    assert told("process_resident_memory_bytes") > 0


async def test_it_speaks_openmetrics_to_whom_asks_for_that(shown: Relay) -> None:
    response = await ask(headers={"Accept": OPENMETRICS})

    assert response.headers["content-type"].startswith("application/openmetrics-text")
    told = Exposition(response.text, openmetrics=True)
    assert told("pricefeed_hop_seconds_count", hop="relayed") == 1


async def test_buckets_add_up(shown: Relay) -> None:
    hops = shown.hub.hops.hops
    for name in hops.latencies:
        for micros in (0, 100, 127, 128, 5_000, 1_000_000, 70_000_000, 130_000_000):
            hops.record(name, micros)

    told = Exposition((await ask()).text)

    for name in hops.latencies:
        buckets = told.buckets("pricefeed_hop_seconds", hop=name)
        assert buckets == sorted(buckets) and [count for _, count in buckets] == sorted(count for _, count in buckets)
        assert buckets[-1] == (float("inf"), told("pricefeed_hop_seconds_count", hop=name))
        assert told("pricefeed_hop_seconds_sum", hop=name) == pytest.approx(hops[name].sum / 1e6)


async def test_names_follow_the_conventions(shown: Relay) -> None:
    families = Exposition((await ask(headers={"Accept": OPENMETRICS})).text, openmetrics=True).families

    ours = [family for family in families.values() if family.name.startswith("pricefeed_")]
    assert len(ours) > 8
    for family in ours:
        assert NAME.fullmatch(family.name)
        assert family.documentation.endswith(".")
        if family.type == "histogram" or "age" in family.name:
            assert family.name.endswith(UNITS)
        for sample in family.samples:
            assert (family.type == "counter") == sample.name.endswith("_total")


@pytest.mark.parametrize(
    "peer", ["203.0.113.9", "10.0.0.7", "2001:db8::1", "::ffff:10.0.0.7"], ids=["v4", "private", "v6", "mapped"]
)
async def test_strangers_are_refused(peer: str, shown: Relay) -> None:
    assert (await ask(peer)).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"Host": "rebound.example"},
    ],
    ids=lambda headers: next(iter(headers)),
)
async def test_what_a_proxy_passes_on_does_not_come_from_here(headers: dict[str, str], shown: Relay) -> None:
    assert (await ask(headers=headers)).status_code == 403


async def test_a_trusted_proxy_is_not_the_one_who_asks(shown: Relay, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["127.0.0.1"]

    assert (await ask()).status_code == 403


async def test_loopback_is_that_on_a_socket_for_both_families_too(shown: Relay) -> None:
    assert (await ask("::ffff:127.0.0.1")).status_code == 200
    assert (await ask("::1")).status_code == 200


async def test_a_network_may_be_let_in_by_whatever_address_it_calls_us(shown: Relay, settings: Settings) -> None:
    settings.METRICS_NETWORKS = ["10.83.0.0/16"]

    assert (await ask("10.83.61.9", headers={"Host": "10.83.61.4:8000"})).status_code == 200
    assert (await ask()).status_code == 403


@pytest.mark.parametrize(("is_staff", "status"), [(True, 200), (False, 403)])
async def test_staff_may_read_it_from_anywhere(
    is_staff: bool, status: int, shown: Relay, async_client: AsyncClient
) -> None:
    create = get_user_model().objects.create_user
    user = await sync_to_async(create)("alice", password="wonder-land-7", is_staff=is_staff)
    await async_client.aforce_login(user)
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in async_client.cookies.items())

    assert (await ask("203.0.113.9", headers={"Cookie": cookie})).status_code == status


async def test_it_is_for_reading_only(shown: Relay) -> None:
    assert (await ask(method="POST")).status_code == 405
    head = await ask(method="HEAD")
    assert (head.status_code, head.content) == (200, b"")
