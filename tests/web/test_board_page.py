"""`GET /`: the board as it is served, complete before any script runs; and `GET /api/symbols` for open pages."""

import json
import re
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import AsyncClient, RequestFactory
from django.views.defaults import server_error
from pytest_django import DjangoDbBlocker

from market.core.messages import DOWN, LIVE, STALE, FeedStatus
from market.core.wire import WireQuote
from market.relay import Relay
from market.watchlist import Watched
from tests.support.batches import EPOCH, feed_status, price_batch, wire_quote
from tests.support.board_page import CELLS, Element, parse, rows, shown_notice

WHOLE = {
    "change_24h": "-0.016",
    "open_24h": "61837.63",
    "high_24h": "61837.63",
    "low_24h": "61828.01",
    "volume_24h": "1234567.89",
    "quote_volume_24h": "0.22682",
    "bid": "61828.01",
    "ask": "61828.02",
}


def watched(symbol: str = "BTCUSDT", **fields: Any) -> Watched:
    values = {"base": symbol[:-4], "quote": "USDT", "tick_size": Decimal("0.01"), "position": 0, "status": "TRADING"}
    return Watched(**{"exchange": "binance", "symbol": symbol, "every_trade": False, **values, **fields})


def watch(relay: Relay, *symbols: Watched) -> None:
    relay.watched = symbols
    relay.hub.watch(row.key for row in symbols)


@pytest.fixture
async def live(relay: Relay) -> Relay:
    """Bitcoin and a symbol without a price, of a feed that is live."""
    await relay.stop()  # the list of symbols is the test's own
    relay.ensure_running = lambda: None  # type: ignore[method-assign]
    relay.thresholds.want()  # nobody looks for them, so nobody waits
    watch(relay, watched(), watched("NEWUSDT"))
    relay.hub.hear(feed_status())
    relay.hub.apply(price_batch(wire_quote(**WHOLE), full=True))
    return relay


async def get(async_client: AsyncClient) -> Element:
    response = await async_client.get("/")
    assert response.status_code == 200
    return parse(response.content.decode())


async def test_it_is_complete_without_a_script(live: Relay, async_client: AsyncClient) -> None:
    page = await get(async_client)

    bitcoin = rows(page)[0]
    assert [bitcoin[name] for name in CELLS] == [
        "BTC/USDT",
        "61,828.02",
        "−0.02 %",
        "61,837.63",
        "61,828.01",
        "61,828.01",
        "61,828.02",
        "1.23 M",
        "0.2268",
        "12:00:00",
    ]
    assert page.one("p", data_count=None).text == "2 symbols"
    assert re.search(r"they are from \d\d:\d\d:\d\d UTC", page.one("p", **{"class": "still needs-no-script"}).text)


async def test_a_symbol_without_a_price_says_so(live: Relay, async_client: AsyncClient) -> None:
    new = rows(await get(async_client))[1]

    assert (new["key"], new["name"], new["mark"], new["price"]) == ("binance:NEWUSDT", "NEW/USDT", "no data yet", "–")


async def test_rows_stand_in_the_order_of_the_list(live: Relay, async_client: AsyncClient) -> None:
    watch(live, watched("XRPUSDT"), watched("BTCUSDT"), watched("ADAUSDT"))

    keys = [row["key"] for row in rows(await get(async_client))]

    assert keys == ["binance:XRPUSDT", "binance:BTCUSDT", "binance:ADAUSDT"]


async def test_digits_come_from_the_tick_size(live: Relay, async_client: AsyncClient) -> None:
    watch(live, watched("SHIBUSDT", tick_size=Decimal("0.00000001")), watched("ODDUSDT", tick_size=None))
    live.hub.apply(price_batch(wire_quote("SHIBUSDT", "0.00001"), wire_quote("ODDUSDT", "1.5"), seq=2))

    prices = [row["price"] for row in rows(await get(async_client))]

    assert prices == ["0.00001000", "1.5"]


@pytest.mark.parametrize("by", ["the list", "the feed"])
async def test_a_halted_symbol_is_marked(live: Relay, async_client: AsyncClient, by: str) -> None:
    if by == "the list":
        watch(live, watched(status="BREAK"))
    else:
        live.hub.hear(FeedStatus(EPOCH, 1, LIVE, "simulator", halted=("BTCUSDT",)))

    assert rows(await get(async_client))[0]["mark"] == "halted"


async def test_a_feed_that_is_down_says_why_and_what_to_do(live: Relay, async_client: AsyncClient) -> None:
    live.hub.hear(FeedStatus(EPOCH, 1, DOWN, "binance", reason="HTTP 451 <from> the exchange"))

    page = await get(async_client)

    assert shown_notice(page).startswith("No new prices: HTTP 451 <from> the exchange. What is shown is from")
    assert "make demo" in shown_notice(page)
    assert "data-stale" in page.one("div", data_board=None).attributes
    assert page.one("p", data_pill=None).attributes["data-word"] == "down"


async def test_a_board_without_any_price_does_not_speak_of_old_ones(live: Relay, async_client: AsyncClient) -> None:
    watch(live, watched("NEWUSDT"))
    live.hub.hear(FeedStatus(EPOCH, 1, STALE, "binance", reason="connection refused"))

    page = await get(async_client)

    assert shown_notice(page).startswith("No prices yet: connection refused. The feed keeps trying")
    assert page.one("p", data_pill=None).text.startswith("NO DATA")
    assert "data-stale" not in page.one("div", data_board=None).attributes


async def test_a_live_feed_has_no_notice(live: Relay, async_client: AsyncClient) -> None:
    page = await get(async_client)

    assert shown_notice(page) == ""
    assert "data-stale" not in page.one("div", data_board=None).attributes


@pytest.mark.parametrize(
    ("source", "word"),
    [("binance", "Prices from Binance"), ("simulator", "SIMULATED"), ("replay", "REPLAY"), ("", "Waiting")],
)
async def test_where_prices_come_from_is_said(live: Relay, async_client: AsyncClient, source: str, word: str) -> None:
    live.hub.hear(feed_status(source=source))

    notes = [note for note in (await get(async_client)).all("p", data_source_note=None) if not note.hidden]

    (note,) = notes
    assert note.text.startswith(word)


async def test_names_are_text_and_never_markup(live: Relay, async_client: AsyncClient) -> None:
    watch(live, watched("币安人生USDT"), watched("XUSDT", base='<b class="x">', quote="{0}&"))

    chinese, odd = rows(await get(async_client))

    assert (chinese["key"], chinese["name"]) == ("binance:币安人生USDT", "币安人生/USDT")
    assert odd["name"] == '<b class="x">/{0}&'


async def test_the_page_goes_on_where_the_snapshot_ends(live: Relay, async_client: AsyncClient) -> None:
    data = (await get(async_client)).one("div", data_board=None).attributes

    assert data["data-cursor"] == live.hub.cursor
    assert data["data-quotes"] == f"[{WireQuote.json(wire_quote(**WHOLE))}]"
    assert json.loads(data["data-quotes"])[0]["symbol"] == "BTCUSDT"


async def test_nothing_is_inline(live: Relay, async_client: AsyncClient) -> None:
    response = await async_client.get("/")
    html = response.content.decode()

    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", html)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html))
    assert "'unsafe" not in response.headers["Content-Security-Policy"]
    assert html.index("page/early") < html.index("stylesheet"), "colours are chosen before anything is painted"


async def test_every_module_is_asked_for_at_once(live: Relay, async_client: AsyncClient) -> None:
    page = await get(async_client)

    links = page.all("link", rel="modulepreload")
    asked = {re.sub(r".*/static/|\.[0-9a-f]{12}(?=\.js)", "", link.attributes["href"]) for link in links}
    assert asked == imported_by("market/js/page/board.js")
    assert {"market/js/live/follow.js", "market/js/words.js"} <= asked


def imported_by(script: str) -> set[str]:
    """All that is below it, read in another way than the page does."""
    static = Path(__file__).resolve().parents[2] / "static"
    due, found = [static / script], set[str]()
    while due:
        file = due.pop()
        for name in re.findall(r'^import [^;]* from "(\.[^"]+)";$', file.read_text(), re.MULTILINE):
            path = (file.parent / name).resolve()
            if str(path.relative_to(static)) not in found:
                found.add(str(path.relative_to(static)))
                due.append(path)
    return found


async def test_a_dead_database_does_not_matter(
    live: Relay, async_client: AsyncClient, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.block():
        page = await get(async_client)

    assert len(rows(page)) == 2


async def test_an_empty_list_points_to_the_administration(live: Relay, async_client: AsyncClient) -> None:
    watch(live)

    page = await get(async_client)

    assert rows(page) == []
    assert page.one("p", data_unwatched=None).one("a").attributes["href"] == "/admin/"


async def test_five_hundred_symbols_take_at_most_fifty_milliseconds(live: Relay, async_client: AsyncClient) -> None:
    names = [f"SYM{number}USDT" for number in range(500)]
    watch(live, *map(watched, names))
    live.hub.apply(price_batch(*(wire_quote(name, **WHOLE) for name in names), seq=2))

    # Of the processor: what else runs on this machine is not in it, and the clock is for `make bench`.
    took = []
    for _ in range(7):
        began = time.process_time()
        response = await async_client.get("/")
        took.append(time.process_time() - began)

    assert len(rows(parse(response.content.decode()))) == 500
    assert min(took) <= 0.050


async def test_only_reading_is_allowed(live: Relay, async_client: AsyncClient) -> None:
    assert (await async_client.head("/")).status_code == 200
    assert (await async_client.post("/")).status_code == 405


async def test_open_pages_can_ask_for_the_list(live: Relay, async_client: AsyncClient) -> None:
    watch(live, watched(), watched("LTCUSDT", tick_size=None, position=7, status="HALT"))

    response = await async_client.get("/api/symbols")

    assert response.json()["symbols"][1] == {
        "exchange": "binance",
        "symbol": "LTCUSDT",
        "base": "LTC",
        "quote": "USDT",
        "digits": None,
        "position": 7,
        "halted": True,
    }


async def test_the_same_list_is_not_sent_twice(live: Relay, async_client: AsyncClient) -> None:
    tag = (await async_client.get("/api/symbols")).headers["ETag"]

    same = await async_client.get("/api/symbols", headers={"If-None-Match": tag})
    watch(live, watched())
    other = await async_client.get("/api/symbols", headers={"If-None-Match": tag})

    assert (same.status_code, other.status_code) == (304, 200)


async def test_an_unknown_address_is_a_page_of_ours(live: Relay, async_client: AsyncClient) -> None:
    response = await async_client.get("/nowhere")

    assert response.status_code == 404
    assert parse(response.content.decode()).one("h1").text == "There is nothing here"


def test_a_fault_is_a_page_of_ours(rf: RequestFactory) -> None:
    response = server_error(rf.get("/"))

    assert response.status_code == 500
    assert parse(response.content.decode()).one("h1").text == "Something broke on the server"
