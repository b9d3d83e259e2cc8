"""Staff send a test broadcast from the admin."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import AsyncClient, Client

from market.core.messages import CONTROL, TestQuote
from market.defaults import create_default_symbols
from market.models import WatchedSymbol
from market.publish import Publisher
from market.relay import Relay
from tests.support.batches import price_batch, wire_quote

PAGE = "/admin/market/watchedsymbol/test-broadcast/"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def relay(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Relay]:
    """This test's own relay, which the page takes for the process's; it knows the default symbols."""
    await sync_to_async(create_default_symbols)()
    relay = Relay()
    monkeypatch.setattr("market.relay._relays", [relay])
    await relay.ready()
    yield relay
    await relay.stop()


@pytest.fixture
async def feed(relay: Relay) -> AsyncIterator[list[TestQuote]]:
    """The test quotes that reach the feed, which sends each on to everybody."""
    layer = get_channel_layer()
    assert layer is not None
    channel = await layer.new_channel()
    await layer.group_add(CONTROL, channel)
    heard: list[TestQuote] = []

    async def answer() -> None:
        while True:
            message = await layer.receive(channel)
            if message["type"] == TestQuote.TYPE:
                heard.append(TestQuote.of(message))
                quote = wire_quote(heard[-1].symbol, heard[-1].price, source="test")
                await Publisher().batch(price_batch(quote, seq=len(heard)))

    task = asyncio.create_task(answer())
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
    row = await WatchedSymbol.objects.aget(symbol="BTCUSDT")
    page = await client.post(PAGE, {"symbol": str(row.pk), "price": "95000.10", **fields}, follow=True)
    assert page.status_code == 200
    text: str = page.content.decode()
    return text


async def test_it_goes_to_the_feed_and_comes_back(browser: AsyncClient, feed: list[TestQuote]) -> None:
    page = await send(browser, price="95000.17", change_24h="-2.5")

    assert feed == [TestQuote("binance", "BTCUSDT", "95000.17", "-2.5")]
    assert "Test broadcast sent: BTCUSDT at 95000.17" in page


async def test_an_exponent_becomes_plain_digits(browser: AsyncClient, feed: list[TestQuote]) -> None:
    await send(browser, price="1e-8")

    assert [(quote.price, quote.change_24h) for quote in feed] == [("0.00000001", None)]


async def test_who_sent_it_is_kept(browser: AsyncClient, feed: list[TestQuote]) -> None:
    await send(browser)

    entry = await LogEntry.objects.aget()
    assert (entry.object_repr, entry.change_message) == ("BTCUSDT", "Sent a test broadcast: 95000.1.")


async def test_without_a_feed_it_says_so(browser: AsyncClient, relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("market.round_trip.ANSWER_WITHIN", 0.1)

    page = await send(browser)

    assert "The test broadcast did not come back: the feed does not answer." in page
    assert not await LogEntry.objects.aexists()


@pytest.mark.parametrize("price", ["", "0", "-1", "NaN", "Infinity", "many", "1" * 31])
async def test_an_impossible_price_is_refused(browser: AsyncClient, feed: list[TestQuote], price: str) -> None:
    page = await send(browser, price=price)

    assert "errorlist" in page
    assert not feed


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
