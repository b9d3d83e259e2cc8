"""Alerts and deliveries in the admin: everything can be seen, nothing can be changed, and what failed sent again."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from market.models import Alert, Delivery, DeliveryAttempt, Recipient, WatchedSymbol
from tests.admin.alert_pages import make_alert, make_rule, text_of

ALERTS = "/admin/market/alert/"
DELIVERIES = "/admin/market/delivery/"


@pytest.fixture
def desk(db: None) -> Recipient:
    return Recipient.objects.create(name="desk", kind="email", address="desk@example.com")


def deliver(recipient: Recipient, **fields: Any) -> Delivery:
    alert = make_alert()
    return Delivery.objects.create(**{"alert": alert, "recipient": recipient, "dedupe": alert.dedupe, **fields})


def found(client: Client, url: str) -> list[Any]:
    return list(client.get(url).context["cl"].result_list)


def test_the_list_is_newest_first_and_says_what_became_of_each(chief: Client) -> None:
    now = timezone.now()
    somebody = User.objects.create_user("alice")
    plain = make_alert(late=True, source="simulator")
    taken = make_alert(acknowledged_at=now, acknowledged_by=somebody)
    later = make_alert(snoozed_until=now + timedelta(hours=1), severity="critical")
    over = make_alert(resolved_at=now)

    page = text_of(chief.get(ALERTS))

    assert found(chief, ALERTS) == [over, later, taken, plain]
    assert "acknowledged by alice" in page
    assert "snoozed until" in page
    assert "BTCUSDT BTCUSDT crosses above 95000 95000.1" in page
    for state, rows in [
        ("open", [later, plain]),
        ("acknowledged", [taken]),
        ("snoozed", [later]),
        ("resolved", [over]),
    ]:
        assert found(chief, f"{ALERTS}?state={state}") == rows
    assert found(chief, f"{ALERTS}?severity__exact=critical") == [later]
    assert found(chief, f"{ALERTS}?late__exact=1") == [plain]
    assert len(found(chief, f"{ALERTS}?q=crosses")) == 4


def test_an_alert_is_looked_at_only(chief: Client, bitcoin: WatchedSymbol, desk: Recipient) -> None:
    alert = make_alert(rule=make_rule(bitcoin), why="95000.1 is above 95000")
    Delivery.objects.create(alert=alert, recipient=desk, dedupe="1", state="dead", attempts=9)
    url = f"{ALERTS}{alert.pk}/change/"

    page = text_of(chief.get(url))

    assert "95000.1 is above 95000" in page
    assert "desk given up 9" in page
    assert "desk@example.com" not in page
    assert chief.post(url, {"price": "1"}).status_code == 403
    assert chief.post(f"{ALERTS}{alert.pk}/delete/", {"post": "yes"}).status_code == 403
    assert chief.get(f"{ALERTS}add/").status_code == 403
    assert Alert.objects.get().why == "95000.1 is above 95000"


def test_an_alert_stays_when_its_rule_is_deleted(chief: Client, bitcoin: WatchedSymbol) -> None:
    rule = make_rule(bitcoin)
    alert = make_alert(rule=rule)

    chief.post(f"/admin/market/alertrule/{rule.pk}/delete/", {"post": "yes"})

    assert "BTCUSDT crosses above 95000" in text_of(chief.get(f"{ALERTS}{alert.pk}/change/"))


def test_a_delivery_shows_every_attempt(chief: Client, desk: Recipient) -> None:
    delivery = deliver(desk, attempts=2)
    DeliveryAttempt.objects.create(delivery=delivery, ok=False, status=500, duration_ms=1250, excerpt="try later")
    DeliveryAttempt.objects.create(delivery=delivery, ok=False, status=429, duration_ms=80, excerpt="slow down")

    assert "429 slow down" in text_of(chief.get(DELIVERIES))
    page = text_of(chief.get(f"{DELIVERIES}{delivery.pk}/change/"))
    assert "500 1250 try later" in page
    assert "429 80 slow down" in page


@pytest.mark.parametrize("state", ["dead", "delivered", "waiting"])
def test_a_delivery_is_sent_again(chief: Client, desk: Recipient, state: str) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    delivery = deliver(desk, state=state, attempts=12, next_attempt_at=tomorrow, delivered_at=timezone.now())

    page = redeliver(chief, delivery)

    delivery.refresh_from_db()
    assert "1 to be sent again." in page
    assert (delivery.state, delivery.attempts, delivery.delivered_at) == ("waiting", 0, None)
    assert delivery.next_attempt_at <= timezone.now()
    assert LogEntry.objects.get().get_change_message() == "To be sent again."


def test_its_page_has_a_button_for_that(chief: Client, reader: Client, desk: Recipient) -> None:
    delivery = deliver(desk, state="dead")
    page = f"{DELIVERIES}{delivery.pk}/"
    assert f'action="{page}redeliver/"' in chief.get(f"{page}change/").content.decode()

    assert reader.post(f"{page}redeliver/").status_code == 403
    assert chief.get(f"{page}redeliver/").status_code == 405
    assert "1 to be sent again." in text_of(chief.post(f"{page}redeliver/", follow=True))


def test_what_is_being_sent_or_has_nobody_to_go_to_is_left_alone(chief: Client, desk: Recipient) -> None:
    gone = Recipient.objects.create(name="gone", kind="email", address="gone@example.com", enabled=False)
    sending, dead = deliver(desk, state="sending"), deliver(gone, state="dead")

    page = redeliver(chief, sending, dead)

    sending.refresh_from_db()
    dead.refresh_from_db()
    assert "2 left alone" in page
    assert (sending.state, dead.state) == ("sending", "dead")


def test_who_may_only_look_cannot_send_again(desk: Recipient, reader: Client) -> None:
    delivery = deliver(desk, state="dead")

    redeliver(reader, delivery, expect=403)

    delivery.refresh_from_db()
    assert delivery.state == "dead"


def redeliver(client: Client, *deliveries: Delivery, expect: int = 200) -> str:
    chosen = {"action": "redeliver", "_selected_action": [row.pk for row in deliveries]}
    answer = client.post(DELIVERIES, chosen, follow=True)
    assert answer.status_code == expect
    return text_of(answer) if expect == 200 else ""


def test_the_first_page_says_that_deliveries_wait_and_nobody_sends(chief: Client, desk: Recipient) -> None:
    deliver(desk)
    assert "no sendalerts runs" not in text_of(chief.get("/admin/"))  # due just now

    deliver(desk, next_attempt_at=timezone.now() - timedelta(minutes=2), state="sending", attempts=1)
    Delivery.objects.filter(state="waiting").update(next_attempt_at=timezone.now() - timedelta(minutes=3))

    page = text_of(chief.get("/admin/"))
    assert re.search(r"2 deliveries wait since [-0-9]+ [:0-9]+ UTC: no sendalerts runs", page)
