"""Times in the admin: in the zone of the reader's browser, which every page names; typed ones are read as shown."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import AsyncClient, Client
from django.utils import timezone

from market import outbox
from market.models import AlertRule, Delivery, DeliveryAttempt, Recipient, SymbolState, WatchedSymbol
from market.zone import ZONE_COOKIE, zoned
from tests.admin.alert_pages import ADD, LIST, make_alert, make_rule, page_of, send, tell_price, text_of

ALERTS = "/admin/market/alert/"
BERLIN, SHANGHAI = "Europe/Berlin", "Asia/Shanghai"
MORNING = datetime(2032, 11, 21, 2, tzinfo=UTC)
SUMMER = datetime(2032, 7, 1, 2, tzinfo=UTC)
# Clocks of Berlin go back at 01:00 UTC: 02:30 comes twice.
TWICE = datetime(2032, 10, 31, 1, 30, tzinfo=UTC)
TEN = {"paused_until_0": "2032-11-21", "paused_until_1": "10:00:00"}


def live_in(client: Client, zone: str) -> Client:
    client.cookies[ZONE_COOKIE] = zone
    return client


def zones_of(html: str) -> list[str]:
    """What forms of a page say of themselves."""
    return re.findall(r'name="_zone" value="([^"]*)"', html)


def field_of(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    return found[1] if found else ""


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        (SHANGHAI, "2032-11-21 10:00:00 CST"),
        (BERLIN, "2032-11-21 03:00:00 CET"),
        ("Asia/Kathmandu", "2032-11-21 07:45:00 +0545"),
        ("", "2032-11-21 02:00:00 UTC"),
    ],
)
def test_a_list_and_its_foot_are_in_the_zone_of_the_browser(chief: Client, zone: str, words: str) -> None:
    make_alert(exchange_time=MORNING)

    page = text_of(live_in(chief, zone).get(ALERTS))

    assert words in page
    assert f"Times are in {zone or 'UTC'}." in page


def test_summer_and_winter_have_their_own_hour(chief: Client) -> None:
    make_alert(exchange_time=MORNING)
    make_alert(exchange_time=SUMMER)

    page = text_of(live_in(chief, BERLIN).get(ALERTS))

    assert "2032-11-21 03:00:00 CET" in page and "2032-07-01 04:00:00 CEST" in page


@pytest.mark.parametrize(
    "zone",
    [
        "Mars/Olympus",
        "../../etc/passwd",
        "/etc/localtime",
        "Europe",
        "right/Europe/Berlin",
        "%00",
        "x" * 5000,
        "+05:30",
    ],
)
def test_a_zone_that_there_is_not_is_utc(chief: Client, bitcoin: WatchedSymbol, zone: str) -> None:
    assert "Times are in UTC." in text_of(live_in(chief, zone).get(ALERTS))

    send(chief, ADD, watched=bitcoin.pk, _zone=zone, **TEN)
    assert AlertRule.objects.get().paused_until == datetime(2032, 11, 21, 10, tzinfo=UTC)


def test_the_sign_in_page_says_it_too(client: Client, db: None) -> None:
    assert "Times are in Asia/Shanghai." in text_of(live_in(client, SHANGHAI).get("/admin/login/"))


def test_a_typed_time_is_of_the_zone_in_which_the_form_was_shown(chief: Client, bitcoin: WatchedSymbol) -> None:
    html = live_in(chief, SHANGHAI).get(ADD).content.decode()
    assert zones_of(html) == [SHANGHAI]
    assert "Judges nothing until then. Times are in Asia/Shanghai." in html

    send(chief, ADD, watched=bitcoin.pk, _zone=SHANGHAI, **TEN)

    rule = AlertRule.objects.get()
    assert rule.paused_until == MORNING
    page = chief.get(page_of(rule)).content.decode()
    assert (field_of(page, "paused_until_0"), field_of(page, "paused_until_1")) == ("2032-11-21", "10:00:00")


@pytest.mark.parametrize("shown", [BERLIN, "UTC"])
def test_a_form_is_not_misread_when_the_cookie_changes_under_it(
    chief: Client, bitcoin: WatchedSymbol, shown: str
) -> None:
    rule = make_rule(bitcoin, paused_until=MORNING)
    html = live_in(chief, "" if shown == "UTC" else shown).get(page_of(rule)).content.decode()
    moment = {name: field_of(html, name) for name in TEN}
    live_in(chief, SHANGHAI)

    send(chief, page_of(rule), watched=bitcoin.pk, _zone=zones_of(html)[0], **moment)

    rule.refresh_from_db()
    assert (rule.paused_until, rule.version) == (MORNING, 1)


def test_a_form_that_says_no_zone_was_written_for_utc(chief: Client, bitcoin: WatchedSymbol) -> None:
    send(live_in(chief, SHANGHAI), ADD, watched=bitcoin.pk, **TEN)

    assert AlertRule.objects.get().paused_until == datetime(2032, 11, 21, 10, tzinfo=UTC)


def test_a_form_that_is_refused_stays_in_its_zone(chief: Client, bitcoin: WatchedSymbol) -> None:
    fields = {"watched": bitcoin.pk, "threshold": "", "_zone": SHANGHAI, **TEN}

    html = live_in(chief, BERLIN).post(ADD, {"condition": "above", **fields}).content.decode()

    assert zones_of(html) == [SHANGHAI] and "Times are in Asia/Shanghai." in html
    assert field_of(html, "paused_until_1") == "10:00:00"


@pytest.mark.parametrize("clock", ["02:30:00", "02:30"])
def test_a_time_that_comes_twice_or_never_is_refused_in_words(
    chief: Client, bitcoin: WatchedSymbol, clock: str
) -> None:
    for day in ("2032-10-31", "2032-03-28"):
        page = send(chief, ADD, watched=bitcoin.pk, _zone=BERLIN, expires_at_0=day, expires_at_1=clock)

        assert f"{day} 02:30:00 couldn’t be interpreted in time zone Europe/Berlin" in page
    assert not AlertRule.objects.exists()


def test_a_time_that_comes_twice_and_that_nobody_touched_stays(chief: Client, bitcoin: WatchedSymbol) -> None:
    rule = make_rule(bitcoin, expires_at=TWICE + timedelta(microseconds=5))
    html = live_in(chief, BERLIN).get(page_of(rule)).content.decode()
    moment = {name: field_of(html, name) for name in ("expires_at_0", "expires_at_1")}
    assert list(moment.values()) == ["2032-10-31", "02:30:00"]

    page = send(chief, page_of(rule), watched=bitcoin.pk, _zone=BERLIN, note="new", **moment)

    rule.refresh_from_db()
    assert "was changed successfully" in page
    assert (rule.note, rule.expires_at) == ("new", TWICE + timedelta(microseconds=5))


@pytest.mark.parametrize("when", [TWICE, TWICE - timedelta(hours=1), datetime(2032, 3, 28, 1, tzinfo=UTC)])
def test_days_of_the_list_are_those_of_the_zone(chief: Client, when: datetime) -> None:
    make_alert(decided_at=when)
    make_alert(decided_at=when - timedelta(days=40))
    live_in(chief, BERLIN)

    for path in (
        ALERTS,
        f"{ALERTS}?decided_at__year={when.year}&decided_at__month={when.month}&decided_at__day={when.day}",
    ):
        assert chief.get(path).status_code == 200
    assert text_of(chief.get(path)).count("BTCUSDT crosses above") == 1


def test_what_a_page_of_a_rule_tells_is_in_the_zone(chief: Client, bitcoin: WatchedSymbol) -> None:
    tell_price(bitcoin, "94990")
    rule = make_rule(bitcoin, paused_until=timezone.now() + timedelta(days=1))
    live_in(chief, SHANGHAI)

    page = text_of(chief.get(page_of(rule)))

    assert "94990 at 2026-01-12 20:00:00.000 CST, simulator" in page
    assert re.search(r"It is paused until [-0-9]+ [:0-9]+ CST\.", page)
    assert re.search(r"paused until [-0-9]+ \d\d:\d\d CST", text_of(chief.get(LIST)))


def test_versions_are_in_the_zone(chief: Client, bitcoin: WatchedSymbol) -> None:
    rule = make_rule(bitcoin)
    rule.paused_until = MORNING
    rule.save()

    page = text_of(live_in(chief, SHANGHAI).get(f"{LIST}{rule.pk}/history/"))

    assert "Paused until: None → 2032-11-21 10:00:00 CST" in page
    assert re.search(r"\d\d:\d\d:\d\d CST", page) and " UTC" not in page


def test_symbols_recipients_and_deliveries_are_in_the_zone(chief: Client, bitcoin: WatchedSymbol) -> None:
    SymbolState.objects.create(watched=bitcoin, first_seen=MORNING, last_seen=MORNING)
    recipient = Recipient.objects.create(name="desk", kind="email", address="desk@example.com")
    told: dict[str, Any] = {"alert": make_alert(), "recipient": recipient, "next_attempt_at": MORNING}
    delivery = Delivery.objects.create(dedupe="1", state="delivered", delivered_at=MORNING, **told)
    DeliveryAttempt.objects.create(delivery=delivery, at=MORNING, ok=True)
    live_in(chief, SHANGHAI)

    for path in ("watchedsymbol/", "recipient/"):
        assert "2032-11-21 10:00:00 CST" in text_of(chief.get(f"/admin/market/{path}"))
    assert "sent at 2032-11-21 10:00:00 CST" in text_of(chief.get(f"/admin/market/delivery/{delivery.pk}/change/"))


def test_what_waits_is_said_in_the_zone_in_the_admin_only(chief: Client) -> None:
    recipient = Recipient.objects.create(name="desk", kind="email", address="desk@example.com")
    due = datetime(2026, 1, 10, 12, tzinfo=UTC)
    Delivery.objects.create(alert=make_alert(), recipient=recipient, dedupe="1", next_attempt_at=due)
    live_in(chief, SHANGHAI)

    assert "1 delivery waits since 2026-01-10 20:00:00 CST" in text_of(chief.get("/admin/"))
    assert "1 delivery waits since 2026-01-10 12:00:00 UTC" in text_of(chief.get("/alerts/"))
    assert str(outbox.unsent()).startswith("1 delivery waits since 2026-01-10 12:00:00 UTC")


@pytest.mark.django_db(transaction=True)
async def test_readers_at_the_same_time_have_each_their_own_zone() -> None:
    zones = [SHANGHAI, BERLIN, "UTC", "Asia/Calcutta"] * 5

    async def page_in(zone: str) -> str:
        client = AsyncClient()
        client.cookies[ZONE_COOKIE] = zone
        return text_of(await client.get("/admin/login/"))

    pages = await asyncio.gather(*map(page_in, zones))

    for zone, page in zip(zones, pages, strict=True):
        assert f"Times are in {zone}." in page
    assert zoned(MORNING) == "2032-11-21 02:00:00 UTC"
