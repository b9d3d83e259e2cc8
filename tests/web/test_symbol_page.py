"""The page of a symbol as the server writes it: complete without JavaScript."""

from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import OperationalError
from django.test import AsyncClient, AsyncRequestFactory
from django.urls import resolve, reverse

from market import history
from market.core.display import THIN_SPACE
from market.models import AlertRule, WatchedSymbol
from market.relay import Relay
from tests.support.alert_rows import alert
from tests.support.batches import BTC, feed_status, price_batch, wire_quote
from tests.support.board_page import Element, parse
from tests.support.candles import batch, candle, walk

ADDRESS = "/symbols/binance/BTCUSDT/"
NUMBERS = {"bid": "61828.01", "ask": "61828.02", "high_24h": "62000", "low_24h": "61000", "volume_24h": "12.5"}


@pytest.fixture
async def live(relay: Relay) -> Relay:
    """A feed that is live, with a price and three closed minutes."""
    await WatchedSymbol.objects.filter(symbol="BTCUSDT").aupdate(tick_size=Decimal("0.01"), base="BTC", quote="USDT")
    await relay.watchlist.refresh()
    relay._take_list(relay.watchlist.symbols)
    relay.hub.hear(feed_status())
    relay.hub.apply(price_batch(wire_quote(**NUMBERS), full=True))
    await sync_to_async(history.write)("simulator", {BTC: walk([100, 101, 102])})
    return relay


async def page(client: AsyncClient, address: str = ADDRESS) -> Element:
    response = await client.get(address)
    assert response.status_code == 200, response.content
    return parse(response.content.decode())


def table(shown: Element) -> list[list[str]]:
    rows = shown.one("table", data_candle_table=None).one("tbody").all("tr")
    return [[cell.text for cell in (*row.all("th"), *row.all("td"))] for row in rows]


async def test_it_says_the_price_its_day_and_where_it_is_from(live: Relay, async_client: AsyncClient) -> None:
    shown = await page(async_client)

    assert shown.one("h1").text == "BTC/USDT"
    assert shown.one("span", data_price=None).text.replace(THIN_SPACE, " ") in ("61,828.02", "61 828.02")
    assert shown.one("span", data_change=None).text.endswith("0.02 %")
    facts = {fact.attributes["data-fact"]: fact.text for fact in shown.all("dd", data_fact=None)}
    assert facts["bid"].endswith("828.01") and facts["high_24h"].endswith("000.00") and facts["volume_24h"] == "12.50"
    assert shown.one("span", data_mark_words=None).text == ""
    assert "SIMULATED" in shown.one("p", data_source_note="simulator").text
    assert "61" in shown.one("title").text


async def test_the_newest_candles_are_a_table_and_the_open_one_says_so(live: Relay, async_client: AsyncClient) -> None:
    live.hub.candles.hear(batch((BTC, candle("102 104 102 103.5", at=3, closed=False))))

    shown = await page(async_client, f"{ADDRESS}?interval=1m")

    rows = table(shown)
    assert [row[0] for row in rows] == ["2026-01-10 00:03", "2026-01-10 00:02", "2026-01-10 00:01", "2026-01-10 00:00"]
    assert rows[0][1:5] == ["102.00", "104.00", "102.00", "103.50"]
    assert rows[0][5] == "+1.47 %"
    assert len(shown.all("tr", data_open=None)) == 1
    chosen = shown.one("nav", data_intervals=None).one("a", aria_current="true")
    assert chosen.text == "1m"


@pytest.mark.parametrize("interval", ["5m", "1d", "nonsense", ""])
async def test_other_intervals_are_links_and_nonsense_is_the_first_choice(
    live: Relay, async_client: AsyncClient, interval: str
) -> None:
    shown = await page(async_client, f"{ADDRESS}?interval={interval}")

    assert len(table(shown)) == 1
    nav = shown.one("nav", data_intervals=None)
    assert nav.one("a", aria_current="true").text == (interval if interval in ("5m", "1d") else "15m")


async def test_a_symbol_of_any_script_has_a_page(relay: Relay) -> None:
    await sync_to_async(WatchedSymbol.objects.create)(symbol="币安人生USDT", position=99)
    await relay.watchlist.refresh()
    relay._take_list(relay.watchlist.symbols)
    address = reverse("symbol", args=("binance", "币安人生USDT"))

    # Django's own client of tests would give the view Latin-1.
    found = resolve(unquote(address))
    response = await found.func(AsyncRequestFactory().get(address), **found.kwargs)
    shown = parse(response.content.decode())

    assert address.isascii()
    assert shown.one("h1").text == "币安人生USDT"
    assert "no data yet" in shown.one("span", data_mark_words=None).text


async def test_another_spelling_leads_to_the_one_address(live: Relay, async_client: AsyncClient) -> None:
    response = await async_client.get("/symbols/Binance/btcusdt/?interval=1h")

    assert (response.status_code, response["Location"]) == (301, f"{ADDRESS}?interval=1h")


@pytest.mark.parametrize(
    "address", ["/symbols/binance/NOSUCH/", "/symbols/okx/BTCUSDT/", f"/symbols/binance/{'X' * 500}/"]
)
async def test_what_is_not_watched_has_no_page(live: Relay, async_client: AsyncClient, address: str) -> None:
    response = await async_client.get(address)

    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()


async def test_old_prices_say_that_they_are_old(live: Relay, async_client: AsyncClient) -> None:
    live.hub.hear(feed_status("stale", seq=2))

    shown = await page(async_client)

    assert "data-stale" in shown.one("div", data_symbol_page=None).attributes
    assert any("Prices are old" in notice.text for notice in shown.all("div", data_notice=None) if not notice.hidden)


async def test_a_halted_symbol_says_so(live: Relay, async_client: AsyncClient) -> None:
    await WatchedSymbol.objects.filter(symbol="BTCUSDT").aupdate(status="BREAK")
    await live.watchlist.refresh()
    live._take_list(live.watchlist.symbols)

    assert (await page(async_client)).one("span", data_mark_words=None).text == "halted"


async def test_alerts_are_those_that_one_may_see(live: Relay, async_client: AsyncClient) -> None:
    for audience in ("everyone", "staff"):
        await sync_to_async(alert)(audience=audience, rule_text=f"crosses above {audience}")
    await sync_to_async(alert)(audience="everyone", symbol="ETHUSDT")

    lines = (await page(async_client)).one("ol", data_alert_lines=None).all("li")
    await async_client.aforce_login(await sync_to_async(get_user_model().objects.create_user)("s", is_staff=True))
    staff = (await page(async_client)).one("ol", data_alert_lines=None).all("li")

    assert (len(lines), len(staff)) == (1, 2)


async def test_only_who_may_move_thresholds_has_fields_for_it(live: Relay, async_client: AsyncClient) -> None:
    watched = await WatchedSymbol.objects.aget(symbol="BTCUSDT")
    fields: dict[str, Any] = {"condition": "leaves", "upper": Decimal(63000), "audience": "everyone"}
    rule = await AlertRule.objects.acreate(watched=watched, threshold=Decimal(60000), **fields)

    anyone = await page(async_client)
    await async_client.aforce_login(await sync_to_async(get_user_model().objects.create_superuser)("chief"))
    chief = await page(async_client)

    assert anyone.one("span", data_text=None).text == "leaves 60000 to 63000"
    assert not anyone.all("form", data_move=None)
    form = chief.one("form", data_move=None)
    assert form.attributes["action"] == f"{ADDRESS}thresholds/{rule.pk}"
    values = {field.attributes["name"]: field.attributes["value"] for field in form.all("input")}
    assert (values["version"], values["threshold"], values["upper"]) == ("1", "60000", "63000")


async def test_candles_that_cannot_be_read_leave_the_price(
    live: Relay, async_client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise OperationalError("locked")

    monkeypatch.setattr("market.history.read", fail)

    shown = await page(async_client)

    assert shown.one("span", data_price=None).text
    assert not shown.one("p", data_no_candles=None).hidden


async def test_it_names_who_drew_the_chart_and_preloads_what_it_needs(live: Relay, async_client: AsyncClient) -> None:
    shown = await page(async_client)

    credit = shown.one("p", **{"class": "chart-credit"})
    assert credit.one("a").attributes["href"] == "https://www.tradingview.com/"
    loaded = [each.attributes["href"] for each in shown.all("link", rel="modulepreload")]
    assert len(loaded) > 30
    assert any("lightweight-charts" in address for address in loaded)
