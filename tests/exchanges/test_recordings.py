"""What Binance really sent: every recorded message is read and merges in order."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from market.core.candle import VenueCandle
from market.core.merge import Merger
from market.core.tick import Kind, Tick
from market.exchanges.base import Control, NotAQuote
from market.exchanges.binance import Binance
from tests.support.services import recording

BINANCE = Binance()


def trades_and_books() -> Iterator[Tick]:
    """650 s of BTCUSDT and ETHUSDT on 2024-08-08."""
    with gzip.open(recording("binance_spot_20240808_btc_eth_trade_bookticker_650s.jsonl.gz"), "rb") as lines:
        for line in lines:
            # The message's own text, not what a JSON encoder makes of it.
            ticks = BINANCE.read(line[line.index(b'"msg":') + 6 : line.rindex(b"}")])
            assert isinstance(ticks, list)
            yield from ticks


def day_tickers() -> list[Tick]:
    """The same minutes as 24 h tickers, computed from the trades."""
    lines = recording("DERIVED_binance_24hrTicker_btc_eth_1hz_650s.jsonl").read_bytes().splitlines()
    ticks = [BINANCE.read(line) for line in lines]
    return [tick for each in ticks if isinstance(each, list) for tick in each]


def test_every_trade_and_book_merges_and_none_is_older() -> None:
    merger = Merger("binance", "replay")
    kinds: Counter[Kind] = Counter()
    for tick in trades_and_books():
        kinds[tick.kind] += 1
        merger.apply(tick)

    assert kinds == {Kind.TRADE: 34_419, Kind.BOOK: 131_932}
    assert merger.older == 0
    assert {quote.symbol for quote in merger.quotes()} == {"BTCUSDT", "ETHUSDT"}


def test_tickers_among_the_trades_never_move_a_price_back() -> None:
    """A ticker may be ahead of the trade stream or behind it: what is shown is the trade with the highest id."""
    merger = Merger("binance", "replay")
    waiting = sorted(day_tickers(), key=lambda tick: tick.order, reverse=True)
    newest: dict[str, tuple[int, Decimal]] = {}
    for tick in trades_and_books():
        if tick.kind is Kind.BOOK:
            continue
        due = []
        while waiting and waiting[-1].order < (tick.time_ms or 0):
            due.append(waiting.pop())
        for each in (*due, tick):
            told = (each.trade_id or 0, each.numbers["price"])
            newest[each.symbol] = max(told, newest.get(each.symbol, told))
            merger.apply(each)
            assert price_of(merger, each.symbol) == newest[each.symbol][1]

    assert merger.older == 0


def price_of(merger: Merger, symbol: str) -> Decimal:
    quote = merger.quote(symbol)
    assert quote is not None
    return quote.price


def test_every_real_single_message_is_read() -> None:
    kinds: Counter[str] = Counter()
    for line in recording("binance_spot_real_single_messages.jsonl").read_bytes().splitlines():
        message = json.loads(line)["msg"]
        try:
            ticks = BINANCE.read(json.dumps(message))
        except NotAQuote as exc:
            kinds[str(exc)] += 1
            continue
        assert not isinstance(ticks, Control)
        kinds.update(["CANDLE"] if isinstance(ticks, VenueCandle) else (tick.kind.name for tick in ticks))

    assert kinds["TICKER"] == 16
    assert kinds["CANDLE"] == 2
    assert kinds.keys() == {"TICKER", "MINI", "TRADE", "BOOK", "CANDLE"}


def test_a_real_list_of_symbols_is_read_whole() -> None:
    with gzip.open(recording("binance_spot_exchangeInfo_20211012.json.gz")) as file:
        payload = json.load(file)
    names = {entry["symbol"] for entry in payload["symbols"]}

    infos = BINANCE.infos(payload, names)

    assert Counter(info.status for info in infos) == {"TRADING": 1262, "BREAK": 433}
    steps = {info.symbol: info.tick_size for info in infos}
    assert steps["BTCUSDT"] == Decimal("0.01") and steps["SHIBUSDT"] == Decimal("0.00000001")
