"""Alerts, recipients and deliveries: what stays, what is written once, and what nobody may read."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone
from pytest_django import Settings

from market.models import Alert, AlertRule, AppendOnly, Delivery, Recipient, WatchedSymbol
from market.models.sealed import SealedField, Unreadable

pytestmark = pytest.mark.django_db


@pytest.fixture
def bitcoin() -> WatchedSymbol:
    return WatchedSymbol.objects.create(symbol="BTCUSDT", tick_size=Decimal("0.01"))


@pytest.fixture
def rule(bitcoin: WatchedSymbol) -> AlertRule:
    return AlertRule.objects.create(watched=bitcoin, condition="above", threshold=Decimal(95000))


def alert(**fields: Any) -> Alert:
    return Alert.objects.create(**{"symbol": "BTCUSDT", "rule_text": "above 95000", "dedupe": "1", **fields})


def test_an_alert_outlives_its_rule_and_its_symbol(rule: AlertRule, bitcoin: WatchedSymbol) -> None:
    kept = alert(rule=rule, rule_version=1)

    bitcoin.delete()

    kept.refresh_from_db()
    assert (kept.rule, kept.rule_text, kept.symbol) == (None, "above 95000", "BTCUSDT")
    assert not AlertRule.objects.exists()


def test_an_alert_outlives_its_people() -> None:
    owner = User.objects.create_user("owner")
    kept = alert(owner=owner, acknowledged_by=owner)

    owner.delete()

    kept.refresh_from_db()
    assert (kept.owner, kept.acknowledged_by) == (None, None)


def test_a_decision_is_written_once() -> None:
    alert()

    with pytest.raises(IntegrityError):
        alert()


def test_people_and_time_add_to_an_alert() -> None:
    row, now = alert(), timezone.now()

    Alert.objects.filter(pk=row.pk).update(acknowledged_at=now, acknowledged_by=None)
    row.snoozed_until = row.resolved_at = now
    row.save(update_fields=["snoozed_until", "resolved_at"])

    row.refresh_from_db()
    assert (row.acknowledged_at, row.snoozed_until, row.resolved_at) == (now, now, now)


def test_everything_else_stays_as_it_was_decided() -> None:
    row = alert()
    row.price = Decimal(1)

    row.save()
    for change in (
        lambda: row.save(update_fields=["price"]),
        lambda: Alert.objects.update(why="because"),
        lambda: Alert.objects.bulk_update([row], ["price"]),
        lambda: row.delete(),
        lambda: Alert.objects.all().delete(),
    ):
        with pytest.raises(AppendOnly), transaction.atomic():
            change()

    row.refresh_from_db()
    assert row.price is None
    assert row.why == ""


def column(name: str) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name} FROM market_recipient")
        value: str | None = cursor.fetchone()[0]
    return value


def test_addresses_and_secrets_lie_encrypted() -> None:
    Recipient.objects.create(name="hook", kind="webhook", address="https://h.example/x", secret="whsec_abc")

    row = Recipient.objects.get()
    assert (row.address, row.secret, row.old_secret) == ("https://h.example/x", "whsec_abc", "")
    assert "example" not in str(column("address"))
    assert "abc" not in str(column("secret"))
    assert column("old_secret") is None


@pytest.fixture
def fresh_keys(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The fields work out their keys once per process; another key is another process."""

    def forget() -> None:
        for field in Recipient._meta.fields:
            if isinstance(field, SealedField):
                for name in ("keys", "f"):
                    field.__dict__.pop(name, None)

    return forget


def test_an_old_key_still_opens_and_no_key_says_so(settings: Settings, fresh_keys: Callable[[], None]) -> None:
    Recipient.objects.create(name="desk", kind="email", address="desk@example.com")
    before, sealed = settings.SECRET_KEY, column("address")
    try:
        settings.SECRET_KEY = "another"
        fresh_keys()
        lost = Recipient.objects.get()
        assert lost.unreadable
        assert isinstance(lost.address, Unreadable)
        lost.save()
        assert column("address") == sealed

        settings.SECRET_KEY_FALLBACKS = [before]
        fresh_keys()
        found = Recipient.objects.get()
        assert (found.address, found.unreadable) == ("desk@example.com", False)
    finally:
        settings.SECRET_KEY = before
        fresh_keys()


def test_the_history_keeps_who_and_what_but_no_secret(rule: AlertRule) -> None:
    recipient = Recipient.objects.create(name="desk", kind="email", address="desk@example.com")
    rule.recipients.add(recipient)
    rule.threshold = Decimal(96000)
    rule.save()

    thresholds = [version.threshold for version in AlertRule.history.all()]
    assert thresholds == [96000, 95000, 95000]
    assert not {"address", "secret", "old_secret"} & {field.name for field in Recipient.history.model._meta.fields}


def test_a_delivery_is_written_once(rule: AlertRule) -> None:
    recipient = Recipient.objects.create(name="desk", kind="email", address="desk@example.com")
    row = alert()
    Delivery.objects.create(alert=row, recipient=recipient, dedupe="1")

    with pytest.raises(IntegrityError):
        Delivery.objects.create(alert=row, recipient=recipient, dedupe="1")


def test_the_questions_of_senders_and_of_the_page_read_only_what_is_open() -> None:
    now = timezone.now()
    waiting = Q(state="waiting", next_attempt_at__lte=now)
    sending = Q(state="sending") & (Q(taken_until__lt=now) | Q(taken_until=None))
    due = Delivery.objects.filter(waiting | sending)
    in_line = Delivery.objects.filter(recipient=1, state__in=["waiting", "sending"]).order_by("pk")
    unseen = Alert.objects.filter(acknowledged_at=None, resolved_at=None).order_by("-id")

    for question, index in [(due, "deliveries_due"), (in_line, "deliveries_in_order"), (unseen, "alerts_open")]:
        if connection.vendor == "sqlite":
            assert index in question.explain()
