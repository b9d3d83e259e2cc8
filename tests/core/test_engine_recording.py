"""What Binance really sent, 735 trades in one millisecond among it: the engine decides what the oracle decides."""

import gzip
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from market.core.merge import Merger
from market.core.quote import Quote
from market.core.rule import Condition, Frequency, Rule
from market.core.tick import Tick
from market.exchanges.binance import Binance
from tests.core.test_engine import RANGES, Pair
from tests.support.rules import PLAIN
from tests.support.services import recording

BINANCE = Binance()
RESTARTS = 20
SYMBOLS = ("BTCUSDT", "ETHUSDT")


def trades() -> Iterator[Tick]:
    with gzip.open(recording("binance_spot_20240808_btc_eth_trade_bookticker_650s.jsonl.gz"), "rb") as lines:
        for line in lines:
            if b'"e":"trade"' in line:
                ticks = BINANCE.read(line[line.index(b'"msg":') + 6 : line.rindex(b"}")])
                assert isinstance(ticks, list)
                yield from ticks


def day_tickers() -> list[Tick]:
    """They were computed from the trades; here they are what tells the change of 24 h."""
    lines = recording("DERIVED_binance_24hrTicker_btc_eth_1hz_650s.jsonl").read_bytes().splitlines()
    read = [BINANCE.read(line) for line in lines]
    return [tick for each in read if isinstance(each, list) for tick in each]


def market() -> list[Quote]:
    """The quotes that a feed would have judged."""
    ticks = sorted([*trades(), *day_tickers()], key=lambda tick: tick.time_ms or 0)
    merger = Merger("binance", "replay")
    return [quote for tick in ticks if (quote := merger.apply(tick)) is not None]


def rules(quotes: list[Quote], chance: random.Random) -> list[Rule]:
    """Three of each condition on both symbols; their thresholds are prices that were traded."""
    book: list[Rule] = []
    for symbol in SYMBOLS:
        prices = sorted(quote.price for quote in quotes if quote.symbol == symbol)
        changes = sorted(quote.change_24h or Decimal(0) for quote in quotes if quote.symbol == symbol)
        for condition in [*Condition] * 3:
            threshold = chance.choice(prices)
            if condition in (Condition.CHANGE_ABOVE, Condition.CHANGE_BELOW):
                threshold = chance.choice(changes)
            elif condition is Condition.MOVED:
                threshold = Decimal(chance.choice(["0.02", "0.05", "0.1"]))
            book.append(_rule(len(book), symbol, condition, threshold, chance))
    return book


def _rule(number: int, symbol: str, condition: Condition, threshold: Decimal, chance: random.Random) -> Rule:
    return replace(
        PLAIN,
        id=number,
        symbol=symbol,
        condition=condition,
        threshold=threshold,
        upper=threshold * Decimal("1.0005") if condition in RANGES else None,
        rearm=threshold * Decimal(chance.choice(["0", "0.0001", "0.001"])),
        window_ms=chance.choice([1000, 2500, 5000]) if condition is Condition.MOVED else 0,
        hold_ms=chance.choice([0, 0, 0, 500, 4000]),
        frequency=chance.choice([Frequency.EVERY, Frequency.EVERY, Frequency.INTERVAL, Frequency.ONCE]),
        interval_ms=20_000,
        fire_if_holds=chance.random() < 0.2,
    )


def test_every_decision_over_the_recording_is_the_oracles_across_restarts() -> None:
    quotes, chance = market(), random.Random(7)
    assert Counter(quote.time_ms for quote in quotes).most_common(1)[0][1] > 100
    book = rules(quotes, chance)
    pair, fires = Pair.start(book), 0
    restarts = set(chance.sample(range(len(quotes)), RESTARTS))
    newest: dict[str, Quote] = {}
    for number, quote in enumerate(quotes):
        if number in restarts:
            pair = Pair.start(book, pair.persisted)
        fires += sum(decision.fires for decision in pair.judge(quote, newest.get(quote.symbol)))
        newest[quote.symbol] = quote

    assert fires > 100
    assert {rule.condition for rule in book if pair.persisted[rule.key].fires} == set(Condition)
