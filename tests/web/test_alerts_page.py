"""`/alerts/`, `/alerts/<id>/` and what pages ask to count and mark alerts: complete without a script."""

import re
from datetime import timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import AsyncClient
from django.utils import timezone

from market import outbox
from market.alert_list import PAGE
from market.alert_summary import Summaries
from market.models import Alert, DeliveryAttempt
from market.relay import Relay
from market.tick_chart import draw
from tests.support.alert_rows import NOON, alert, delivery, recipient
from tests.support.board_page import Element, parse

SCRIPTS = Path(__file__).resolve().parents[2] / "static/market/js"
IMPORT = re.compile(r'^(?:import|export)\b[^;]*?from "(.+?)";', re.MULTILINE)
AUDIENCES = ("everyone", "signed_in", "staff", "owner")
make = sync_to_async(alert)


@pytest.fixture
async def alice(relay: Relay) -> User:
    return await User.objects.acreate_user("alice")


@pytest.fixture
async def bob(relay: Relay) -> User:
    return await User.objects.acreate_user("bob", is_staff=True)


@pytest.fixture(autouse=True)
def summaries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("market.alert_views._summaries", Summaries(clock=count(0.0, 60.0).__next__))


async def client_of(user: User | None, **options: Any) -> AsyncClient:
    client = AsyncClient(**options)
    if user is not None:
        await client.aforce_login(user)
    return client


async def page_of(client: AsyncClient, address: str, status: int = 200) -> Element:
    response = await client.get(address)
    assert response.status_code == status
    return parse(response.content.decode())


def imported_by(name: str) -> set[str]:
    """What a script imports, and what that does."""
    found = set()
    for target in IMPORT.findall((SCRIPTS / name).read_text()):
        path = str(((SCRIPTS / name).parent / target).resolve().relative_to(SCRIPTS))
        found |= {path} | imported_by(path)
    return found


def ids(page: Element) -> list[int]:
    return [int(row.attributes["data-alert"]) for row in page.all("tr", data_alert=None)]


async def one_for_each(owner: User) -> dict[int, str]:
    return {(await make(audience=audience, owner=owner)).pk: audience for audience in AUDIENCES}


async def test_alerts_stand_newest_first_with_all_that_is_said_of_them(relay: Relay, async_client: AsyncClient) -> None:
    old = await make(audience="everyone", severity="critical", late=True)
    new = await make(audience="everyone", symbol="ETHUSDT")

    page = await page_of(async_client, "/alerts/")

    assert ids(page) == [new.pk, old.pk]
    row = page.one("tr", data_alert=str(old.pk))
    assert [cell.text for cell in row.all("td")][:3] == ["\u203c critical", "95,000.10", "2026-01-10 12:00:00"]
    assert row.one("th").text == "BTCUSDT crossed above 95000 (simulated price) late"
    assert row.all("form") == []


@pytest.mark.parametrize(
    ("who", "seen"),
    [("nobody", ["everyone"]), ("carol", ["everyone", "signed_in"]), ("alice", ["everyone", "signed_in", "owner"]),
     ("bob", ["everyone", "signed_in", "staff"])],
)  # fmt: skip
async def test_everybody_sees_what_is_meant_for_them(
    alice: User, bob: User, async_client: AsyncClient, who: str, seen: list[str]
) -> None:
    users = {"nobody": None, "carol": await User.objects.acreate_user("carol"), "alice": alice, "bob": bob}
    audiences = await one_for_each(alice)
    client = await client_of(users[who])

    shown = [audiences[number] for number in reversed(ids(await page_of(client, "/alerts/")))]
    summary = (await client.get("/api/alerts/summary")).json()
    statuses = {
        audience: (await client.get(f"/alerts/{number}/")).status_code for number, audience in audiences.items()
    }

    assert shown == seen
    assert summary["unacknowledged"] == len(seen)
    assert [audience for audience, status in statuses.items() if status == 200] == seen
    assert {status for audience, status in statuses.items() if audience not in seen} == {404}


async def test_filters_choose_and_nonsense_does_not_count(relay: Relay, async_client: AsyncClient) -> None:
    now = timezone.now()
    fields: dict[str, dict[str, Any]] = {
        "active": {},
        "acknowledged": {"acknowledged_at": now, "resolved_at": now},
        "snoozed": {"snoozed_until": now + timedelta(hours=1), "severity": "critical"},
        "resolved": {"resolved_at": now, "snoozed_until": now - timedelta(hours=1)},
    }
    rows = {name: (await make(audience="everyone", **more)).pk for name, more in fields.items()}
    other = (await make(audience="everyone", symbol="ETHUSDT")).pk

    for state in ("acknowledged", "snoozed", "resolved"):
        assert ids(await page_of(async_client, f"/alerts/?state={state}")) == [rows[state]]
    assert ids(await page_of(async_client, "/alerts/?state=active&symbol=btc/usdt")) == [rows["active"]]
    assert ids(await page_of(async_client, "/alerts/?symbol=ethusdt")) == [other]
    assert ids(await page_of(async_client, "/alerts/?severity=critical")) == [rows["snoozed"]]
    assert len(ids(await page_of(async_client, "/alerts/?state=x&severity=y&before=z&after=-1"))) == 5
    assert "No alert is like this" in (await page_of(async_client, "/alerts/?symbol=NONE")).one("main").text


async def test_pages_go_on_by_ids_in_both_directions(relay: Relay, async_client: AsyncClient) -> None:
    await sync_to_async(lambda: [alert(audience="everyone") for _ in range(2 * PAGE + 1)])()
    everything = [row.pk async for row in Alert.objects.order_by("-pk")]

    async def follow(page: Element, rel: str) -> Element:
        return await page_of(async_client, "/alerts/" + page.one("a", rel=rel).attributes["href"])

    first = await page_of(async_client, "/alerts/?severity=warning")
    second = await follow(first, "next")
    third = await follow(second, "next")
    back = await follow(third, "prev")

    assert [ids(page) for page in (first, second, third)] == [
        everything[:PAGE],
        everything[PAGE : 2 * PAGE],
        everything[-1:],
    ]
    assert ids(back) == ids(second)
    assert first.all("a", rel="prev") == third.all("a", rel="next") == []
    assert "severity=warning" in back.one("a", rel="prev").attributes["href"]


async def test_the_timeline_says_why_and_what_became_of_it(relay: Relay, bob: User, async_client: AsyncClient) -> None:
    moment = NOON + timedelta(minutes=5)
    ticks = [[int(NOON.timestamp() * 1000) - 1000, "94990"], [int(NOON.timestamp() * 1000), "95000.1"]]
    row = await make(audience="everyone", ticks=ticks, acknowledged_by=bob, acknowledged_at=moment, resolved_at=moment)

    page = await page_of(async_client, f"/alerts/{row.pk}/")

    story = [moment.text for moment in page.one("ol", **{"class": "moments"}).all("li")]
    assert story[0] == "2026-01-10 12:00:00.000 UTC Price 95,000.10, from 94,990.00 before on binance (simulator)"
    assert story[1].endswith("Decided 20 ms after it happened.")
    assert [words.split(" ", 3)[3] for words in story[2:]] == [
        "Resolved The condition no longer holds.",
        "Acknowledged by bob",
    ]
    assert page.one("p", **{"class": "why"}).text == "94990 was below 95000, 95000.1 is above"
    assert "it was deleted since" in page.one("main").text
    prices = page.one("table", **{"class": "tick-table"}).one("tbody").all("tr")
    assert [price.text for price in prices] == ["12:00:00.000 95,000.10", "11:59:59.000 94,990.00"]
    assert len(page.all("polyline")) == 1


async def test_deliveries_are_for_staff(relay: Relay, bob: User, async_client: AsyncClient) -> None:
    def write() -> Alert:
        row = alert(audience="everyone")
        sent = delivery(recipient(name="the pager"), alert=row, state="delivered")
        DeliveryAttempt.objects.create(delivery=sent, ok=False, status=500, duration_ms=12, excerpt="<b>no</b>")
        DeliveryAttempt.objects.create(delivery=sent, ok=True, status=200, duration_ms=9)
        delivery(recipient(name="the gate"), alert=row, state="dead")
        return row

    row = await sync_to_async(write)()

    story = (await page_of(await client_of(bob), f"/alerts/{row.pk}/")).one("ol", **{"class": "moments"}).text
    public = (await page_of(async_client, f"/alerts/{row.pk}/")).text

    assert "Attempt 1 failed to the pager (webhook) status 500, 12 ms, <b>no</b>" in story
    assert "Attempt 2 delivered to the pager (webhook) status 200, 9 ms" in story
    assert "Given up: the gate (webhook)" in story
    assert "pager" not in public


@pytest.mark.parametrize(("button", "state"), [({"ack": "1"}, "acknowledged"), ({"snooze": "60"}, "snoozed")])
async def test_buttons_work_without_a_script(relay: Relay, bob: User, button: dict[str, str], state: str) -> None:
    row = await make(audience="everyone")
    client = await client_of(bob, enforce_csrf_checks=True)
    form = (await page_of(client, "/alerts/?symbol=BTCUSDT")).one("main").one("form", method="post")
    hidden = {field.attributes["name"]: field.attributes["value"] for field in form.all("input", type="hidden")}

    forged = await client.post(form.attributes["action"], button)
    done = await client.post(form.attributes["action"], {**hidden, **button})

    assert forged.status_code == 403
    assert (done.status_code, done.headers["Location"]) == (303, "/alerts/?symbol=BTCUSDT")
    page = await page_of(client, f"/alerts/?state={state}")
    assert ids(page) == [row.pk]


async def test_staff_are_told_that_nobody_delivers(relay: Relay, alice: User, bob: User) -> None:
    row = await sync_to_async(lambda: delivery(recipient()))()
    words = "1 delivery waits since 2026-01-10 12:00:00 UTC: no sendalerts runs."

    assert words in (await page_of(await client_of(bob), "/alerts/")).one("main").text
    assert words not in (await page_of(await client_of(alice), "/alerts/")).one("main").text

    await sync_to_async(outbox.take)(row.recipient_id, now=timezone.now(), lease=timedelta(seconds=30))
    assert words not in (await page_of(await client_of(bob), "/alerts/")).one("main").text


async def test_only_staff_and_the_owner_have_buttons_and_rights(relay: Relay, alice: User) -> None:
    others, own = await make(audience="everyone"), await make(audience="everyone", owner=alice)
    client = await client_of(alice)
    forms = (await page_of(client, "/alerts/")).one("main").all("form", method="post")

    refused = await client.post(f"/alerts/{others.pk}/settle", {"ack": "1"})
    allowed = await client.post(f"/alerts/{own.pk}/settle", {"ack": "1", "next": "//evil.example/"})
    hidden = await (await client_of(None)).post(f"/alerts/{(await make(audience='staff')).pk}/settle", {"ack": "1"})

    assert [form.attributes["action"] for form in forms] == [f"/alerts/{own.pk}/settle"]
    assert (refused.status_code, hidden.status_code) == (403, 404)
    assert "only staff and the owner" in parse(refused.content.decode()).one("main").text.lower()
    assert (allowed.status_code, allowed.headers["Location"]) == (303, f"/alerts/{own.pk}/")
    assert [row.pk async for row in Alert.objects.filter(acknowledged_by=alice)] == [own.pk]


@pytest.mark.parametrize("minutes", ["0", "-5", "x", "99999999999999999999"])
async def test_a_snooze_without_sense_is_refused(relay: Relay, bob: User, minutes: str) -> None:
    row = await make(audience="everyone")

    response = await (await client_of(bob)).post(f"/alerts/{row.pk}/settle", {"snooze": minutes})

    assert response.status_code == 400


async def test_words_of_people_are_never_markup(relay: Relay, async_client: AsyncClient) -> None:
    words = '<script>alert("x")</script>'
    row = await make(audience="everyone", rule_text=words, why=words, ticks=[["now", "much"], [1], "x"])

    for address in ("/alerts/", f"/alerts/{row.pk}/", f"/alerts/?symbol={words}"):
        response = await async_client.get(address)
        assert b"<script>alert" not in response.content
        assert "'unsafe" not in response.headers["Content-Security-Policy"]


async def test_every_module_of_these_pages_is_asked_for_at_once(relay: Relay, async_client: AsyncClient) -> None:
    page = await page_of(async_client, "/alerts/")

    links = {link.attributes["href"].split("/market/js/")[1] for link in page.all("link", rel="modulepreload")}
    assert {re.sub(r"\.[0-9a-f]{12}(?=\.js)", "", link) for link in links} == imported_by("page/alerts.js")


def test_a_chart_of_equal_prices_is_a_line_in_the_middle() -> None:
    chart = draw([[0, "5"], [10, "5"]], [Decimal(1000)])

    assert chart is not None
    assert (chart.line, chart.thresholds) == ("12.0,80.0 628.0,80.0", ())
    assert draw([], []) is None
