"""Marks of thresholds on the board: in the page that the server writes, and soon after somebody changed a rule."""

import time
from decimal import Decimal
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import AsyncClient

from market.models import AlertRule, WatchedSymbol
from market.relay import Relay
from market.threshold_book import Threshold
from market.threshold_mark import nearest
from tests.support.batches import feed_status, price_batch, wire_quote
from tests.support.board_page import Element, parse
from tests.support.exchange import until
from tests.support.reader import Reader


def rule(condition: str, threshold: str, upper: str | None = None) -> Threshold:
    top = None if upper is None else Decimal(upper)
    return Threshold(1, "binance:BTCUSDT", "alerts", condition, Decimal(threshold), top, condition, None, None)


@pytest.mark.parametrize(
    ("rules", "numbers", "mark"),
    [
        ([("above", "110"), ("below", "99.2"), ("cross", "102")], ("100", None), ("below", "−0.8 %", False)),
        ([("above", "150")], ("100", None), ("above", "+50 %", False)),
        ([("above", "100.05")], ("100", None), ("above", "< 0.1 %", False)),
        ([("above", "99"), ("below", "90")], ("100", None), ("below", "−10 %", False)),
        ([("above", "99")], ("100", None), ("above", "−1.0 %", True)),
        ([("enters", "102", "110")], ("100", None), ("enters", "+2.0 %", False)),
        ([("leaves", "90", "95")], ("100", None), ("leaves", "−5.0 %", True)),
        ([("change_above", "10")], ("100", "5"), ("change_above", "+4.8 %", False)),
        ([("change_below", "-5")], ("100", "0"), ("change_below", "−5.0 %", False)),
        ([("change_above", "10")], ("100", None), None),
        ([("moved", "3")], ("100", None), None),
    ],
)
def test_the_words_are_those_of_the_script(
    rules: list[tuple[str, ...]], numbers: tuple[str, str | None], mark: tuple[str, str, bool] | None
) -> None:
    price, change = numbers
    found = nearest([rule(*each) for each in rules], {"price": price} | ({"change_24h": change} if change else {}))

    assert mark == (found and (found.rule, found.words.replace("\u202f", " "), found.past))


async def board_of(client: AsyncClient) -> Element:
    return parse((await client.get("/")).content.decode())


def add(**fields: Any) -> None:
    bitcoin = WatchedSymbol.objects.get(symbol="BTCUSDT")
    AlertRule.objects.create(**{"watched": bitcoin, "condition": "above", "audience": "everyone", **fields})


@pytest.fixture
async def live(relay: Relay) -> Relay:
    relay.hub.hear(feed_status())
    relay.hub.apply(price_batch(wire_quote(price="100", change_24h="5"), wire_quote("ETHUSDT", price="7"), full=True))
    return relay


async def test_the_first_paint_has_the_marks_that_its_viewer_may_see(live: Relay, async_client: AsyncClient) -> None:
    await sync_to_async(add)(threshold=Decimal(110))
    await sync_to_async(add)(threshold=Decimal("100.5"), audience="staff")
    await sync_to_async(add)(watched=None, condition="change_below", threshold=Decimal(6), audience="staff")
    staff = AsyncClient()
    await staff.aforce_login(await User.objects.acreate_user("bob", is_staff=True))

    public, own = await board_of(async_client), await board_of(staff)

    assert marks(public) == {"BTCUSDT": ("+10 %", "Alert when it crosses above 110", False)}
    assert marks(own)["BTCUSDT"] == ("+0.5 %", "Alert when it crosses above 100.5", False)


def marks(board: Element) -> dict[str, tuple[str, str, bool]]:
    found = {}
    for row in board.one("tbody").all("tr"):
        mark = row.one("span", **{"class": "threshold"})
        if mark.text:
            symbol = row.attributes["data-key"].partition(":")[2]
            found[symbol] = (mark.text, mark.attributes["title"], "data-past" in mark.attributes)
    return found


async def test_clients_hear_within_seconds_that_a_rule_they_may_see_changed(
    live: Relay, async_client: AsyncClient
) -> None:
    reader = Reader(live.hub)
    reader.connect()
    assert reader.member is not None
    live.follow_alerts(reader.member, {"type": "http", "headers": [], "path": "/"}, None)
    await board_of(async_client)  # from now on somebody looks

    began = time.monotonic()
    await sync_to_async(add)(threshold=Decimal(500), audience="staff")
    await sync_to_async(add)(threshold=Decimal(120))
    await until(lambda: "thresholds" in reader.kinds())
    answer = (await async_client.get("/api/alerts/summary")).json()

    assert time.monotonic() - began < 2.5
    assert [each["threshold"] for each in answer["thresholds"]] == ["120"]
    assert marks(await board_of(async_client))["BTCUSDT"][0] == "+20 %"
    assert reader.kinds().count("thresholds") == 1
