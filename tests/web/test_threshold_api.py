"""`/api/thresholds`: who sees which, who may move one, and that nobody overwrites another's."""

import json
from decimal import Decimal
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import AsyncClient

from market.models import AlertRule, WatchedSymbol
from market.relay import Relay


@sync_to_async
def make(symbol: str = "BTCUSDT", **fields: Any) -> AlertRule:
    """A rule of a symbol with ticks of 0.01."""
    watched = WatchedSymbol.objects.get(symbol=symbol)
    WatchedSymbol.objects.filter(pk=watched.pk).update(tick_size=Decimal("0.01"))
    defaults = {"condition": "above", "threshold": Decimal(95000), "audience": "everyone"}
    return AlertRule.objects.create(watched=watched, **{**defaults, **fields})


@sync_to_async
def user(name: str, *rights: str, **fields: Any) -> Any:
    made = get_user_model().objects.create_user(name, **fields)
    made.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return made


async def sign_in(client: AsyncClient, name: str = "alice", *rights: str, **fields: Any) -> AsyncClient:
    await client.aforce_login(await user(name, *rights, **fields))
    return client


async def staff(client: AsyncClient, name: str = "alice") -> AsyncClient:
    return await sign_in(client, name, "change_alertrule", is_staff=True)


async def move(client: AsyncClient, rule: AlertRule, **fields: Any) -> tuple[int, dict[str, Any]]:
    body = json.dumps({"version": rule.version, **fields})
    response = await client.post(f"/api/thresholds/{rule.pk}", body, content_type="application/json")
    return response.status_code, response.json()


async def listed(client: AsyncClient) -> tuple[list[str], bool]:
    body = (await client.get("/api/thresholds?symbol=BTCUSDT")).json()
    return [each["text"] for each in body["thresholds"]], body["may_change"]


async def test_staff_move_a_threshold_and_it_is_written_down(relay: Relay, async_client: AsyncClient) -> None:
    rule = await make()

    status, body = await move(await staff(async_client), rule, threshold="96000.5")

    assert status == 200
    assert (body["threshold"]["threshold"], body["threshold"]["version"]) == ("96000.5", 2)
    assert body["threshold"]["text"] == "crosses above 96000.5"
    assert body["before"] == {"threshold": "95000", "upper": None}
    await sync_to_async(rule.refresh_from_db)()
    assert rule.threshold == Decimal("96000.5")
    last = await rule.history.select_related("history_user").afirst()
    assert (last.history_user.username, last.history_change_reason) == ("alice", "Moved in the chart")
    assert "crosses above 96000.5" in (await LogEntry.objects.aget()).change_message


@pytest.mark.parametrize(
    ("typed", "kept"), [("95000.014", "95000.01"), ("95000.015", "95000.02"), ("95000,5", "95000.5")]
)
async def test_prices_go_to_the_nearest_tick(relay: Relay, async_client: AsyncClient, typed: str, kept: str) -> None:
    _, body = await move(await staff(async_client), await make(), threshold=typed)

    assert body["threshold"]["threshold"] == kept


async def test_what_was_done_is_taken_back_with_the_version_that_it_made(
    relay: Relay, async_client: AsyncClient
) -> None:
    rule = await make()
    _, done = await move(await staff(async_client), rule, threshold="96000")
    rule.version = done["threshold"]["version"]

    status, undone = await move(async_client, rule, threshold=done["before"]["threshold"])

    assert (status, undone["threshold"]["threshold"], undone["threshold"]["version"]) == (200, "95000", 3)


async def test_of_two_who_move_the_same_the_second_is_told_who_was_first(relay: Relay) -> None:
    rule = await make()
    bob, alice = await staff(AsyncClient(), "bob"), await staff(AsyncClient(), "alice")

    assert (await move(bob, rule, threshold="96000"))[0] == 200
    status, body = await move(alice, rule, threshold="97000")

    assert (status, body["error"]["code"]) == (409, "changed_meanwhile")
    assert "bob changed it" in body["error"]["message"] and "96000" in body["error"]["message"]
    await sync_to_async(rule.refresh_from_db)()
    assert rule.threshold == 96000


async def test_moving_it_to_where_it_is_changes_nothing(relay: Relay, async_client: AsyncClient) -> None:
    status, body = await move(await staff(async_client), await make(), threshold="95000.001")

    assert (status, body["threshold"]["version"]) == (200, 1)
    assert not await LogEntry.objects.aexists()


async def test_a_range_is_moved_by_either_end(relay: Relay, async_client: AsyncClient) -> None:
    rule = await make(condition="leaves", upper=Decimal(96000))

    _, body = await move(await staff(async_client), rule, upper="97000")
    assert (body["threshold"]["threshold"], body["threshold"]["upper"]) == ("95000", "97000")
    rule.version = 2
    status, body = await move(async_client, rule, upper="94000")

    assert (status, body["error"]["code"]) == (400, "refused")
    assert "The upper end of the range has to be above 95000." in body["error"]["message"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"threshold": "0"}, "refused"),
        ({"threshold": "-5"}, "refused"),
        ({"threshold": "0.001"}, "refused"),
        ({"upper": "96000"}, "refused"),
        ({}, "bad_field"),
        ({"threshold": 95001}, "bad_field"),
        ({"threshold": "high"}, "bad_field"),
        ({"threshold": "NaN"}, "bad_field"),
        ({"threshold": "1e20"}, "bad_field"),
        ({"threshold": "9" * 41}, "bad_field"),
        ({"threshold": "95001", "version": "1"}, "bad_field"),
        ({"threshold": "95001", "version": 0}, "bad_field"),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    relay: Relay, async_client: AsyncClient, fields: dict[str, Any], code: str
) -> None:
    rule = await make()

    status, body = await move(await staff(async_client), rule, **fields)

    assert (status, body["error"]["code"]) == (400, code)
    await sync_to_async(rule.refresh_from_db)()
    assert rule.threshold == 95000


async def test_a_percentage_is_no_price_to_move(relay: Relay, async_client: AsyncClient) -> None:
    rule = await make(condition="change_above", threshold=Decimal(5))

    assert (await move(await staff(async_client), rule, threshold="6"))[1]["error"]["code"] == "refused"


async def test_only_staff_with_the_right_may_move_one(relay: Relay) -> None:
    rule = await make()
    clients = [
        AsyncClient(),
        await sign_in(AsyncClient(), "member", "change_alertrule"),
        await sign_in(AsyncClient(), "watcher", "view_alertrule", is_staff=True),
    ]

    for client in clients:
        assert (await move(client, rule, threshold="96000"))[0] == 403
        assert (await listed(client))[1] is False
    await sync_to_async(rule.refresh_from_db)()
    assert rule.version == 1


async def test_another_sites_page_cannot_move_one(relay: Relay) -> None:
    client = await staff(AsyncClient(enforce_csrf_checks=True))

    assert (await move(client, await make(), threshold="96000"))[1]["error"]["code"] == "csrf_failed"


async def test_what_one_may_not_see_one_cannot_move_nor_learn_of(relay: Relay, async_client: AsyncClient) -> None:
    rule = await make(audience="owner", owner=await user("owner"))

    assert (await move(await staff(async_client), rule, threshold="96000"))[0] == 404
    rule.pk = 999_999
    assert (await move(async_client, rule, threshold="96000"))[0] == 404


async def test_each_sees_the_thresholds_whose_alerts_they_would_see(relay: Relay) -> None:
    alice = await sign_in(AsyncClient())
    await make(threshold=Decimal(1))
    await make(threshold=Decimal(2), audience="signed_in")
    await make(threshold=Decimal(3), audience="staff")
    await make(threshold=Decimal(4), enabled=False)
    await make("ETHUSDT", threshold=Decimal(5))
    chief = await staff(AsyncClient(), "chief")

    assert await listed(AsyncClient()) == (["crosses above 1"], False)
    assert await listed(alice) == (["crosses above 1", "crosses above 2"], False)
    assert await listed(chief) == (["crosses above 1", "crosses above 2", "crosses above 3"], True)


@pytest.mark.parametrize("query", ["", "?symbol=NOSUCH", "?symbol=", f"?symbol={'X' * 65}"])
async def test_a_symbol_that_is_none_is_refused(relay: Relay, async_client: AsyncClient, query: str) -> None:
    assert (await async_client.get(f"/api/thresholds{query}")).status_code == 400


async def test_a_form_without_script_moves_one_too(relay: Relay, async_client: AsyncClient) -> None:
    rule = await make()
    address = f"/symbols/binance/BTCUSDT/thresholds/{rule.pk}"
    await staff(async_client)

    done = await async_client.post(address, {"version": "1", "threshold": "96000", "upper": ""})
    late = await async_client.post(address, {"version": "1", "threshold": "97000", "upper": ""})
    bad = await async_client.post(address, {"version": "x", "threshold": "97000"})

    assert (done.status_code, done["Location"]) == (303, "/symbols/binance/BTCUSDT/#thresholds")
    assert (late.status_code, "alice changed it" in late.content.decode()) == (409, True)
    assert bad.status_code == 400
    assert (await AsyncClient(enforce_csrf_checks=True).post(address, {})).status_code == 403
