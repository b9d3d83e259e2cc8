"""What is decided becomes rows, once: a state, an alert, its deliveries and its event, or nothing of it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError

from market import durable
from market.alert_text import alert_text
from market.alerting import FeedNews, close_digests, write_feed
from market.core.messages import StoredEvent
from market.core.rule import Decision, Phase, RuleState
from market.crossings import write
from market.decisions import put_together
from market.finding import Finding, Written
from market.models import Alert, AlertRule, Delivery, Recipient, WatchedSymbol
from market.models import RuleState as RuleStateRow

pytestmark = pytest.mark.django_db
NOON = 1_768_046_400_000

UNKNOWN = RuleState(1, Phase.UNKNOWN, False, 0, None, 0, None, 0)
REST = RuleState(1, Phase.INACTIVE, False, NOON, None, 0, Decimal(94_000), NOON)
FIRED = RuleState(1, Phase.FIRING, True, NOON + 5, NOON + 5, 1, Decimal("95000.1"), NOON + 5)
BACK = replace(FIRED, phase=Phase.INACTIVE, holds=False, since_ms=NOON + 9, price=Decimal(93_000), time_ms=NOON + 9)
AGAIN = replace(FIRED, since_ms=NOON + 12, fired_ms=NOON + 12, fires=2, time_ms=NOON + 12)


@pytest.fixture
def bitcoin() -> WatchedSymbol:
    WatchedSymbol.objects.all().delete()
    return WatchedSymbol.objects.create(symbol="BTCUSDT", tick_size=Decimal("0.01"))


@pytest.fixture
def rule(bitcoin: WatchedSymbol) -> AlertRule:
    rule = AlertRule.objects.create(watched=bitcoin, condition="above", threshold=Decimal(95_000), audience="everyone")
    mailbox = Recipient.objects.create(name="desk", kind="email", address="desk@example.com", tells_staff=True)
    gone = Recipient.objects.create(name="gone", kind="email", address="gone@example.com", enabled=False)
    rule.recipients.set([mailbox, gone])
    rule.refresh_from_db()
    return rule


def found(rule: AlertRule, before: RuleState, after: RuleState, **fields: Any) -> Finding:
    assert rule.watched is not None
    value = replace(rule.rule_for(rule.watched), version=1)
    price = after.price or Decimal(0)
    decision = Decision(
        value, before, after, after.fires > before.fires, False, price, before.price, after.time_ms, "because"
    )
    return Finding(decision, rule.watched.pk, words=rule.words, audience=rule.audience, source="simulator", **fields)


def put(*findings: Finding) -> Written:
    return write(findings, store=durable.store_all)


def test_a_crossing_becomes_a_state_an_alert_a_delivery_and_an_event(rule: AlertRule) -> None:
    written = put(found(rule, UNKNOWN, REST), found(rule, REST, FIRED, ticks=((NOON, "94000"), (NOON + 5, "95000.1"))))

    alert = Alert.objects.get()
    state = RuleStateRow.objects.get()
    assert (state.phase, state.fires, state.time_ms) == ("firing", 1, NOON + 5)
    assert alert.dedupe == f"{rule.pk}:1:BTCUSDT:{NOON + 5}:1"
    assert alert.ticks == [[NOON, "94000"], [NOON + 5, "95000.1"]]
    assert [delivery.recipient.name for delivery in Delivery.objects.all()] == ["desk"]
    assert [(event.channel, event.data) for event in written.events] == [("alerts", alert_text(alert))]
    shown = json.loads(written.events[0].data)
    assert (shown["text"], shown["source"]) == ("BTCUSDT crossed above 95000 (simulated price)", "simulator")
    assert '"price":95000.1,' in written.events[0].data


def test_what_is_written_twice_is_there_once_and_says_what_holds(rule: AlertRule) -> None:
    first, crossing = found(rule, UNKNOWN, REST), found(rule, REST, FIRED)
    put(first, crossing)

    later = replace(FIRED, time_ms=NOON + 7, fired_ms=NOON + 7)  # another feed, that heard it a little later
    again = put(first, crossing, found(rule, REST, later))

    assert Alert.objects.count() == Delivery.objects.count() == 1
    assert [state for _, state in again.lost] == [FIRED] * 3
    assert again.events == []


def test_going_back_resolves_and_the_next_crossing_is_another_alert(rule: AlertRule) -> None:
    put(found(rule, UNKNOWN, REST), found(rule, REST, FIRED), found(rule, FIRED, BACK), found(rule, BACK, AGAIN))

    older, newer = Alert.objects.order_by("id")
    assert older.resolved_at is not None
    assert newer.resolved_at is None
    assert newer.dedupe.endswith(":2")


def test_a_crossing_that_the_interval_forbids_is_counted_at_the_last_alert(rule: AlertRule) -> None:
    AlertRule.objects.filter(pk=rule.pk).update(frequency="interval", interval_seconds=60)
    rule.refresh_from_db()
    silent = replace(AGAIN, fires=1, fired_ms=FIRED.fired_ms)

    put(found(rule, UNKNOWN, REST), found(rule, REST, FIRED), found(rule, FIRED, BACK), found(rule, BACK, silent))

    assert Alert.objects.get().count == 2


def test_an_edited_rule_begins_anew(rule: AlertRule) -> None:
    put(found(rule, UNKNOWN, REST), found(rule, REST, FIRED))

    written = put(found(rule, replace(UNKNOWN, version=2), replace(REST, version=2)))

    assert written.lost == []
    assert RuleStateRow.objects.get().version == 2


def test_a_rule_that_was_deleted_meanwhile_raises_nothing(rule: AlertRule) -> None:
    finding = found(rule, UNKNOWN, replace(FIRED, fires=1))
    rule.delete()

    assert [state for _, state in put(finding).lost] == [None]
    assert not Alert.objects.exists()


def test_what_is_withheld_changes_the_state_only(rule: AlertRule) -> None:
    put(found(rule, UNKNOWN, REST), found(rule, REST, FIRED, withheld="snoozed"))

    assert RuleStateRow.objects.get().phase == "firing"
    assert not Alert.objects.exists()


def test_nothing_is_kept_of_a_transaction_that_fails(rule: AlertRule) -> None:
    def broken(events: Sequence[tuple[str, str]]) -> list[StoredEvent]:
        raise IntegrityError("no")

    with pytest.raises(IntegrityError):
        write([found(rule, UNKNOWN, REST), found(rule, REST, FIRED)], store=broken)

    assert not Alert.objects.exists()
    assert not RuleStateRow.objects.exists()


def test_a_storm_is_one_delivery_that_says_how_many_it_holds(bitcoin: WatchedSymbol, rule: AlertRule) -> None:
    rules = [
        AlertRule.objects.create(watched=bitcoin, condition="above", threshold=Decimal(95_000 + n)) for n in range(3)
    ]
    for each in rules:
        each.recipients.set(rule.recipients.all())
    written = put(*(found(each, UNKNOWN, FIRED, digest="a storm") for each in rules))

    digest = Alert.objects.get(kind="digest")
    assert written.events == []
    assert Alert.objects.filter(kind="price").count() == digest.count == 3
    assert [delivery.alert for delivery in Delivery.objects.all()] == [digest]

    told = close_digests(["a storm"], store=durable.store)
    assert "market-wide: 3 alerts" in told.events[0].data
    assert close_digests(None, store=durable.store).events == []


def test_a_dead_feed_is_told_once_and_its_return_once(rule: AlertRule) -> None:
    dead, back = (FeedNews("binance", reason, NOON, "simulator") for reason in ("silent for 9 s", ""))

    events = [
        len(write_feed(news, store=durable.store).events)
        for news in (back, dead, replace(dead, since_ms=NOON + 1), back, back)
    ]

    assert events == [0, 1, 0, 1, 0]
    assert [alert.kind for alert in Alert.objects.all()] == ["feed", "feed"]
    assert Delivery.objects.count() == 2  # to whom staff is


def test_what_piles_up_is_put_together_where_one_goes_on_from_the_other(rule: AlertRule) -> None:
    chain = [found(rule, UNKNOWN, REST), found(rule, REST, FIRED), found(rule, FIRED, BACK), found(rule, BACK, AGAIN)]

    (one,) = put_together(chain)

    assert (one.decision.before, one.decision.after, one.crossings) == (UNKNOWN, AGAIN, 2)
    put(one)
    assert Alert.objects.get().count == 2


def test_what_does_not_go_on_from_the_other_stays_apart(rule: AlertRule) -> None:
    apart = [found(rule, REST, FIRED), found(rule, REST, FIRED)]

    assert put_together(apart) == apart
