"""Very many decisions at once: few statements, one order, and nothing that one of them does to the others."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer, channel_layers
from django.db import connection
from django.test.utils import CaptureQueriesContext

from market import durable
from market.core.messages import ALERTS, StoredEvents
from market.core.rule import Decision, Phase, RuleState
from market.crossings import write
from market.decisions import DecisionPace, Decisions
from market.finding import Finding
from market.models import Alert, AlertRule, Delivery, Recipient, WatchedSymbol
from market.publish import Publisher
from tests.support.exchange import until

pytestmark = pytest.mark.django_db(transaction=True)
NOON = 1_768_046_400_000


@pytest.fixture
def rules() -> list[AlertRule]:
    WatchedSymbol.objects.all().delete()
    watched = WatchedSymbol.objects.create(symbol="BTCUSDT")
    desk = Recipient.objects.create(name="desk", kind="email", address="desk@example.com")
    made = [
        AlertRule.objects.create(watched=watched, condition="above", threshold=Decimal(level), audience="everyone")
        for level in range(100, 120)
    ]
    for rule in made:
        rule.recipients.add(desk)
        rule.refresh_from_db()
    return made


def crossings(rules: Sequence[AlertRule], times: int) -> list[Finding]:
    """Each rule in turn fires and goes back, so often."""
    blank = RuleState(0, Phase.UNKNOWN, False, 0, None, 0, None, 0)
    states = {rule.pk: replace(blank, version=rule.version) for rule in rules}
    found: list[Finding] = []
    for number in range(2 * times):
        for rule in rules:
            before, at = states[rule.pk], NOON + len(found)
            fires = number % 2 == 0
            after = replace(
                before, phase=Phase.FIRING if fires else Phase.INACTIVE, holds=fires, time_ms=at, since_ms=at
            )
            after = replace(after, fires=before.fires + fires, fired_ms=at, price=Decimal(130 if fires else 90))
            states[rule.pk] = after
            found.append(finding(rule, before, after))
    return found


def finding(rule: AlertRule, before: RuleState, after: RuleState) -> Finding:
    assert rule.watched is not None
    fires, price = after.fires > before.fires, after.price or Decimal(0)
    value = rule.rule_for(rule.watched)
    decision = Decision(value, before, after, fires, False, price, before.price, after.time_ms, "because")
    return Finding(decision, rule.watched.pk, words=rule.words, audience="everyone", source="simulator")


def test_a_batch_takes_as_many_statements_as_one_decision(rules: list[AlertRule]) -> None:
    counts = []
    for some in (crossings(rules[:1], 1), crossings(rules[1:], 15)):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert write(some, store=durable.store_all).lost == []
        counts.append(len([each for each in queries if "eventstream" not in each["sql"]]))

    assert counts[1] <= counts[0] + 2  # more events than are kept in memory are trimmed
    assert Alert.objects.filter(resolved_at=None).count() == 0


def test_alerts_deliveries_and_events_are_in_the_order_of_the_decisions(rules: list[AlertRule]) -> None:
    found = crossings(rules, 20)
    wanted = [each.name for each in found if each.decision.fires]

    written = write(found, store=durable.store_all)

    assert list(Alert.objects.order_by("pk").values_list("dedupe", flat=True)) == wanted
    assert list(Delivery.objects.order_by("pk").values_list("alert__dedupe", flat=True)) == wanted
    ids = [event.id for event in written.events]
    assert ids == list(range(ids[0], ids[0] + len(wanted)))
    again = write(found, store=durable.store_all)
    assert (again.events, len(again.lost), Alert.objects.count()) == ([], len(found), len(wanted))


async def test_one_that_cannot_be_written_holds_up_no_other(
    rules: list[AlertRule], caplog: pytest.LogCaptureFixture
) -> None:
    found = await asyncio.to_thread(crossings, rules, 10)
    bad = 57
    assert found[bad].alerts
    found[bad] = replace(found[bad], owner_id=1_000_000_000)  # there is no such user
    async with written(found):
        pass

    assert caplog.text.count("a decision cannot be written") == 1
    names = await asyncio.to_thread(lambda: set(Alert.objects.values_list("rule_id", flat=True)))
    assert names == {rule.pk for rule in rules}


async def test_a_burst_reaches_who_listens_in_few_messages(rules: list[AlertRule]) -> None:
    async with written(await asyncio.to_thread(crossings, rules, 10)) as layer:
        messages = [await layer.receive("listener") for _ in range(2)]

    events = [event for message in messages for event in StoredEvents.of(message).events]
    assert len(events) == 200
    assert [event.row for event in events] == sorted(event.row for event in events)


class written:  # noqa: N801 (a context)
    """These decisions, each of a tick of its own, by the thread that writes; gives the layer that hears of them."""

    def __init__(self, found: Sequence[Finding]) -> None:
        self._found = found

    async def __aenter__(self) -> Any:
        layer = InMemoryChannelLayer()
        self._before = channel_layers.set("default", layer)
        await layer.group_add(ALERTS, "listener")
        decisions = Decisions(Publisher(), on_lost=lambda *_: None, pace=DecisionPace(retry=0.01, longest=0.02))
        for each in self._found:
            decisions.note((each,))
        self._task = asyncio.create_task(decisions.run())
        await until(lambda: not decisions.waiting and decisions.written >= len(self._found) - 1)
        return layer

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        if self._before is not None:
            channel_layers.set("default", self._before)
