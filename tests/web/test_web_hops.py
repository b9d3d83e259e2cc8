"""What a web process times: once a batch, whoever listens."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from market.core.hop import Hop
from market.core.latency import Spread
from market.core.messages import ProcessReport, Stamp
from market.hub import Hub
from market.relay import Relay
from market.web_hops import GONE_AFTER, WebHops
from tests.support.alert_events import AlertStore
from tests.support.batches import BTC, ETH, NOON, Clock, batch, quote, settle
from tests.support.reader import Reader

SENT = NOON * 1000  # µs


@pytest.fixture
def hub(clock: Clock) -> Hub:
    """Its wall clock is 700 µs after the feed's stamps."""
    hub = Hub(heartbeat=20, clock=clock, wall=lambda: NOON)
    hub.hops = WebHops(hub, clock=clock, wall=lambda: SENT + 700)
    hub.watch([BTC, ETH])
    return hub


def counted(hub: Hub, hop: Hop) -> Spread:
    return hub.hops.hops[hop].spread(hub.clock())


async def test_a_batch_is_timed_from_the_feed_to_the_clients(hub: Hub, clock: Clock) -> None:
    Reader(hub).connect()
    hub.apply(batch(1, quote("100"), stamp=Stamp(20_000, 30_000, SENT)))
    clock.now += 0.002
    await settle()

    assert counted(hub, Hop.RELAYED).count == counted(hub, Hop.WRITTEN).count == counted(hub, Hop.TOTAL).count == 1
    assert counted(hub, Hop.RELAYED).p50 == pytest.approx(700, rel=1 / 16)
    assert counted(hub, Hop.WRITTEN).p50 == pytest.approx(2_000, rel=1 / 16)
    assert counted(hub, Hop.TOTAL).p50 == pytest.approx(32_700, rel=1 / 16)


async def test_five_hundred_readers_cost_what_one_costs(hub: Hub) -> None:
    for _ in range(500):
        Reader(hub).connect()
    hub.apply(batch(1, quote("100"), stamp=Stamp(20_000, 30_000, SENT)))
    await settle()

    assert counted(hub, Hop.WRITTEN).count == 1
    assert hub.hops.hops.counts()["written_ws"] == 500


async def test_batches_that_are_written_together_are_timed_from_the_first(hub: Hub, clock: Clock) -> None:
    Reader(hub).connect()
    hub.apply(batch(1, quote("100"), stamp=Stamp(20_000, 30_000, SENT)))
    clock.now += 0.5
    hub.apply(batch(2, quote("101", at=1), stamp=Stamp(20_000, 30_000, SENT)))
    await settle()

    assert counted(hub, Hop.RELAYED).count == 2
    assert counted(hub, Hop.WRITTEN).count == 1
    assert counted(hub, Hop.WRITTEN).p99 == pytest.approx(500_000, rel=1 / 16)


async def test_without_readers_nothing_is_written(hub: Hub) -> None:
    hub.apply(batch(1, quote("100"), stamp=Stamp(20_000, 30_000, SENT)))
    await settle()
    Reader(hub).connect()
    hub.apply(batch(2, quote("101", at=1)))
    await settle()

    assert counted(hub, Hop.RELAYED).count == 1
    assert counted(hub, Hop.WRITTEN).count == counted(hub, Hop.TOTAL).count == 0


async def test_an_unknown_age_is_no_total(hub: Hub) -> None:
    Reader(hub).connect()
    hub.apply(batch(1, quote("100"), stamp=Stamp(20_000, None, SENT)))
    await settle()

    assert counted(hub, Hop.WRITTEN).count == 1
    assert counted(hub, Hop.TOTAL).count == 0


async def test_who_came_and_who_came_back_is_counted(hub: Hub) -> None:
    hub.apply(batch(1, quote("100")))
    reader = Reader(hub).connect()
    reader.disconnect()
    reader.connect()

    report = hub.hops.hops.report()
    assert (report.counts["joined_ws"], report.counts["returned_ws"], report.levels["ws"]) == (2, 1, 1)


def test_an_alert_is_timed_from_its_decision(hub: Hub) -> None:
    hub.hops.told(json.dumps({"id": 17, "decided": "2026-01-10T11:59:59.950Z"}))
    hub.hops.told(json.dumps({"id": 18, "kind": "digest", "decided": "2026-01-10T11:59:50.000Z"}))
    hub.hops.told(json.dumps({"id": 19}))

    assert counted(hub, Hop.ALERT_TOLD).count == 1
    assert counted(hub, Hop.ALERT_TOLD).p50 == pytest.approx(50_700, rel=1 / 16)


def report(name: str, *, role: str = "web", sets: int = 0) -> ProcessReport:
    return ProcessReport(role, name, "elsewhere", NOON, {"clock_sets": sets}, {}, {}, {})


def test_processes_are_known_while_they_report(hub: Hub, clock: Clock) -> None:
    own = hub.hops.hops.name
    for each in (report("b:1"), report(own, role="feed"), report("a:1", role="feed"), report(own)):
        hub.hops.hear(ProcessReport.of(each.payload()))

    assert [(each.role, each.name) for each in hub.hops.reports()] == sorted(
        [("feed", "a:1"), ("feed", own), ("web", own), ("web", "b:1")]
    )

    clock.now += GONE_AFTER + 1
    assert [each.name for each in hub.hops.reports()] == [own]


async def test_what_was_measured_by_a_clock_that_was_set_is_forgotten(hub: Hub) -> None:
    Reader(hub).connect()
    hub.hops.hear(report("a:1", role="feed"))
    hub.apply(batch(1, quote("100"), stamp=Stamp(20_000, 2_030_000, SENT)))
    await settle()

    hub.hops.hear(report("a:1", role="feed", sets=1))

    assert counted(hub, Hop.TOTAL).count == 0
    assert counted(hub, Hop.RELAYED).count == 1


async def test_an_alert_that_comes_by_the_layer_is_timed_and_what_was_done_with_it_is_not(relay: Relay) -> None:
    store, decided = AlertStore(), datetime.now(UTC) - timedelta(milliseconds=50)
    for event in (store.alert(17, decided=decided.isoformat()), store.acked(17, "alice")):
        relay._take(event.payload())

    spread = relay.hub.hops.hops[Hop.ALERT_TOLD].spread(relay.hub.clock())
    assert spread.count == 1
    assert spread.p50 >= 45_000
