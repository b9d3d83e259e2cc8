"""Staff send a test broadcast from the admin."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import AsyncClient, Client
from pytest_django import Settings

from market.core.messages import CONTROL, TestQuote
from market.models import WatchedSymbol

PAGE = "/admin/market/watchedsymbol/test-broadcast/"

pytestmark = pytest.mark.django_db(transaction=True)
Messages = asyncio.Queue[dict[str, Any]]


@pytest.fixture
async def control() -> AsyncIterator[Messages]:
    """What the feed would hear."""
    layer = get_channel_layer()
    assert layer is not None
    channel = await layer.new_channel()
    await layer.group_add(CONTROL, channel)
    heard: Messages = asyncio.Queue()

    async def listen() -> None:
        while True:
            heard.put_nowait(await layer.receive(channel))

    task = asyncio.create_task(listen())
    yield heard
    task.cancel()
    await layer.group_discard(CONTROL, channel)


@pytest.fixture
async def browser() -> AsyncClient:
    client = AsyncClient()
    user = await sync_to_async(User.objects.create_superuser)("boss")
    await client.aforce_login(user)
    return client


async def send(client: AsyncClient, **fields: str) -> str:
    """The text of the page that follows on sending the form for BTCUSDT."""
    row, _ = await WatchedSymbol.objects.aget_or_create(symbol="BTCUSDT")
    page = await client.post(PAGE, {"symbol": str(row.pk), "price": "95000.10", **fields}, follow=True)
    assert page.status_code == 200
    text: str = page.content.decode()
    return text


async def test_it_reaches_the_feed_with_exact_digits(browser: AsyncClient, control: Messages) -> None:
    page = await send(browser, change_24h="-2.5")

    async with asyncio.timeout(10):
        quote = TestQuote.of(await control.get())
    assert quote == TestQuote("binance", "BTCUSDT", "95000.10", "-2.5")
    assert "Test broadcast sent: BTCUSDT at 95000.10" in page


async def test_an_exponent_becomes_plain_digits(browser: AsyncClient, control: Messages) -> None:
    await send(browser, price="1e-8")

    async with asyncio.timeout(10):
        quote = TestQuote.of(await control.get())
    assert (quote.price, quote.change_24h) == ("0.00000001", None)


async def test_who_sent_it_is_kept(browser: AsyncClient) -> None:
    await send(browser)

    entry = await LogEntry.objects.aget()
    assert (entry.object_repr, entry.change_message) == ("BTCUSDT", "Sent a test broadcast: 95000.10.")


async def test_a_dead_channel_layer_is_told(browser: AsyncClient, settings: Settings) -> None:
    hosts = ["redis://127.0.0.1:9"]
    layer = {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": hosts}}
    settings.CHANNEL_LAYERS = {"default": layer}

    page = await send(browser)

    assert "The test broadcast was not sent: the channel layer does not answer." in page
    assert not await LogEntry.objects.aexists()


@pytest.mark.parametrize("price", ["", "0", "-1", "NaN", "Infinity", "many", "1" * 31])
async def test_an_impossible_price_is_refused(browser: AsyncClient, control: Messages, price: str) -> None:
    page = await send(browser, price=price)

    assert "errorlist" in page
    assert control.empty()


def test_a_disabled_symbol_is_refused(staff: Client) -> None:
    row = WatchedSymbol.objects.create(symbol="BTCUSDT", enabled=False)

    page = staff.post(PAGE, {"symbol": str(row.pk), "price": "1"})

    assert "Select a valid choice" in page.content.decode()


def test_the_page_says_that_it_is_a_test(staff: Client) -> None:
    assert "This is a test" in staff.get(PAGE).content.decode()


@pytest.mark.parametrize("page", ["/admin/", "/admin/market/watchedsymbol/"])
def test_the_way_to_it_is_shown(staff: Client, page: str) -> None:
    assert f'href="{PAGE}"' in staff.get(page).content.decode()


def test_staff_who_may_only_look_are_refused(reader: Client) -> None:
    assert reader.get(PAGE).status_code == 403


def test_visitors_are_asked_to_log_in(client: Client) -> None:
    page = client.post(PAGE, {})

    assert page.status_code == 302
    assert page["Location"].startswith("/admin/login/")
