"""`/api/preferences`: what a signed-in reader chose for the board."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient

from market.core.board_choice import MOST_GROUPS, MOST_SYMBOLS, read_choice
from market.core.request import BadField
from market.models import BoardPreference
from market.preference_api import LONGEST_BODY, LONGEST_CHOICE
from market.relay import Relay

URL = "/api/preferences"
BTC, ETH = "binance:BTCUSDT", "binance:ETHUSDT"


async def signed_in(name: str, **options: Any) -> AsyncClient:
    client = AsyncClient(**options)
    await client.aforce_login(await User.objects.acreate_user(name))
    return client


@pytest.fixture
async def alice(relay: Relay) -> AsyncClient:
    return await signed_in("alice")


async def change(client: AsyncClient, fields: Any, **options: Any) -> Any:
    return await client.patch(URL, json.dumps(fields), content_type="application/json", **options)


async def kept(client: AsyncClient) -> Any:
    return (await client.get(URL)).json()["preferences"]


async def test_what_is_chosen_is_kept_field_by_field(alice: AsyncClient) -> None:
    assert await kept(alice) == {}

    await change(alice, {"density": "dense", "favourites": [BTC, ETH, BTC]})
    answer = await change(alice, {"density": None, "rate": 0.2})

    assert answer.json()["preferences"] == {"favourites": [BTC, ETH], "rate": 0.2}
    assert await kept(alice) == {"favourites": [BTC, ETH], "rate": 0.2}


async def test_nobody_sees_or_changes_what_somebody_else_chose(alice: AsyncClient) -> None:
    bob = await signed_in("bob")
    await change(alice, {"groups": [{"name": "Mine", "symbols": [BTC]}]})

    await change(bob, {"density": "dense"})

    assert await kept(bob) == {"density": "dense"}
    assert await kept(alice) == {"groups": [{"name": "Mine", "symbols": [BTC]}]}
    assert await BoardPreference.objects.acount() == 2


async def test_who_is_not_signed_in_has_none(relay: Relay, async_client: AsyncClient) -> None:
    read, written = await async_client.get(URL), await change(async_client, {"density": "dense"})

    assert (read.status_code, written.status_code) == (401, 401)
    assert read.json()["error"]["code"] == "signed_out"


async def test_a_change_needs_the_token_of_our_own_page(relay: Relay) -> None:
    alice = await signed_in("alice", enforce_csrf_checks=True)

    answer = await change(alice, {"density": "dense"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "csrf_failed")
    assert await kept(alice) == {}


async def test_the_session_of_another_site_speaks_for_nobody(alice: AsyncClient) -> None:
    answer = await alice.get(URL, headers={"Origin": "https://elsewhere.example"})

    assert answer.status_code == 401
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_the_same_is_not_sent_twice_nor_kept_by_caches(alice: AsyncClient) -> None:
    answer = await alice.get(URL)
    same = await alice.get(URL, headers={"If-None-Match": answer.headers["ETag"]})

    assert same.status_code == 304
    assert answer.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("[", "bad_json"),
        ("[]", "bad_json"),
        ('{"density": "loose"}', "bad_field"),
        ('{"moon": 1}', "bad_field"),
        ('{"favourites": ["' + "x" * LONGEST_BODY + '"]}', "too_big"),
    ],
)
async def test_nonsense_is_refused_with_a_reason(alice: AsyncClient, body: str, code: str) -> None:
    answer = await alice.patch(URL, body, content_type="application/json")

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert await kept(alice) == {}


async def test_all_together_has_a_bound_too(alice: AsyncClient) -> None:
    user = await User.objects.aget(username="alice")
    await BoardPreference.objects.acreate(user=user, chosen={"order": ["x" * LONGEST_CHOICE]})

    answer = await change(alice, {"favourites": [BTC]})

    assert answer.json()["error"]["code"] == "too_big"


async def test_preferences_go_with_their_user(alice: AsyncClient) -> None:
    await change(alice, {"density": "dense"})

    await User.objects.filter(username="alice").adelete()

    assert await BoardPreference.objects.acount() == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"favourites": "binance:BTCUSDT"},
        {"favourites": ["BTCUSDT"]},
        {"favourites": ["binance:BTC USDT"]},
        {"favourites": [7]},
        {"order": [f"binance:S{number}" for number in range(MOST_SYMBOLS + 1)]},
        {"groups": [{"name": "", "symbols": []}]},
        {"groups": [{"name": "a" * 41, "symbols": []}]},
        {"groups": [{"name": "a\u0000", "symbols": []}]},
        {"groups": [{"name": "a"}]},
        {"groups": [{"name": "a", "symbols": [], "more": 1}]},
        {"groups": [{"name": "a", "symbols": []}, {"name": " a ", "symbols": []}]},
        {"groups": [{"name": str(number), "symbols": []} for number in range(MOST_GROUPS + 1)]},
        {"groups": ["a"]},
        {"group": 7},
        {"hidden": ["price"]},
        {"hidden": "bid"},
        {"view": True},
        {"rate": True},
        {"rate": 3},
        {"rate": [1]},
        {"sound_from": "none"},
        {"panel": "yes"},
    ],
)
def test_a_field_holds_only_what_it_may(fields: dict[str, Any]) -> None:
    with pytest.raises(BadField):
        read_choice(fields)


def test_every_field_can_be_chosen() -> None:
    fields = {
        "favourites": [BTC],
        "order": ["binance:币安人生USDT", ETH],
        "groups": [{"name": "第一", "symbols": [BTC]}],
        "group": "own:第一",
        "hidden": ["bid", "spark"],
        "density": "dense",
        "view": "compact",
        "rate": 0.2,
        "sound_from": "critical",
        "notes_from": "warning",
        "loudness": "quiet",
        "panel": True,
    }

    assert read_choice(fields) == fields
