"""How many ticks one core takes through order check and all the rules that staff could set.

python -m benchmarks.alerts     prints {"ticks_per_second": N, "load_seconds": N, ...}
"""

import gc
import json
import random
import time
from decimal import Decimal
from statistics import median

from market.core.engine import Engine
from market.core.merge import Merger
from market.core.quote import Quote
from market.core.rule import Condition, Frequency, Rule, RuleState
from market.core.tick import Kind, Tick

RULES = 100_000
SYMBOLS = 500
TICKS = 50_000
ROUNDS = 5
START_MS = 1_700_000_000_000
OPENING = Decimal("60000.00")
STEP = Decimal("0.01")
SPREAD = 30_000  # steps of a threshold around the opening price: half a percent; a price walks through a tenth of it
WINDOWS_MS = (1_000, 60_000, 3_600_000, 86_400_000)
DAY_CONDITIONS = (Condition.CHANGE_ABOVE, Condition.CHANGE_BELOW)


def rules() -> list[Rule]:
    """As many of each condition as of any other, 200 on each symbol, near its price."""
    conditions, chance = list(Condition), random.Random(3)
    return [_rule(number, conditions[number // SYMBOLS % len(conditions)], chance) for number in range(RULES)]


def _rule(number: int, condition: Condition, chance: random.Random) -> Rule:
    threshold, rearm = OPENING + STEP * chance.randint(-SPREAD, SPREAD), STEP * 50
    if condition in (*DAY_CONDITIONS, Condition.MOVED):
        threshold, rearm = Decimal(chance.randint(1, 50)) / 1000, Decimal("0.005")
    return Rule(
        id=number,
        version=1,
        exchange="binance",
        symbol=f"COIN{number % SYMBOLS}USDT",
        condition=condition,
        threshold=threshold,
        upper=threshold + STEP * 400 if condition in (Condition.ENTERS, Condition.LEAVES) else None,
        rearm=rearm,
        window_ms=chance.choice(WINDOWS_MS) if condition is Condition.MOVED else 0,
        hold_ms=chance.choice([0, 0, 0, 5_000]),
        frequency=Frequency.EVERY,
        interval_ms=0,
        fire_if_holds=False,
    )


def ticks() -> list[Tick]:
    """Day tickers of all symbols in turn, one in 10 ms; each price walks by up to 50 steps."""
    chance, prices = random.Random(5), [OPENING] * SYMBOLS
    made = []
    for number in range(TICKS):
        at, now = number % SYMBOLS, START_MS + number * 10
        prices[at] += STEP * chance.randint(-50, 50)
        numbers = {
            "price": prices[at],
            "change_24h": (prices[at] / OPENING * 100 - 100).quantize(Decimal("0.001")),
            "open_24h": OPENING,
            "volume_24h": Decimal(number),
        }
        made.append(Tick(f"COIN{at}USDT", Kind.TICKER, now, numbers, now, number + 1))
    return made


def first_quotes() -> list[Quote]:
    numbers = {"price": OPENING, "change_24h": Decimal(0)}
    return [Quote("binance", f"COIN{at}USDT", "simulator", START_MS - 1, numbers) for at in range(SYMBOLS)]


def persisted(book: list[Rule]) -> dict[int, RuleState]:
    """Where the rules stood when the feed ended."""
    engine = Engine()
    engine.load((rule, None) for rule in book)
    return {decision.rule.id: decision.after for quote in first_quotes() for decision in engine.judge(quote, None)}


def started(book: list[Rule], states: dict[int, RuleState]) -> tuple[Engine, float]:
    """An engine after a restart, and the seconds until every rule had been compared with its first tick."""
    quotes, engine = first_quotes(), Engine()
    began = time.process_time()
    engine.load((rule, states.get(rule.id)) for rule in book)
    for quote in quotes:
        engine.judge(quote, None)
    return engine, time.process_time() - began


def seconds(market: list[Tick], engine: Engine | None) -> tuple[float, int]:
    """For all ticks through Merger, and Engine if there is one; and how often rules fired."""
    merger, fired = Merger("binance", "simulator"), 0
    newest: dict[str, Quote] = {}
    began = time.process_time()
    for tick in market:
        quote = merger.apply(tick)
        if quote is None:
            continue
        if engine is not None:
            for decision in engine.judge(quote, newest.get(quote.symbol)):
                fired += decision.fires
        newest[quote.symbol] = quote
    return time.process_time() - began, fired


def measured() -> dict[str, float]:
    book, market = rules(), ticks()
    states = persisted(book)
    gc.freeze()  # what the benchmark itself holds is nobody's work
    rounds = []
    for _ in range(ROUNDS):
        engine, load = started(book, states)
        lasted, fired = seconds(market, engine)
        assert fired > TICKS // 100, f"only {fired} fires: nothing was decided"
        rounds.append((TICKS / lasted, load, seconds(market, None)[0] / lasted, fired))
    rates, loads, shares, fires = zip(*rounds, strict=True)
    return {
        "ticks_per_second": median(rates),
        "load_seconds": median(loads),
        "of_without_rules": median(shares),
        "fires": median(fires),
    }


def main() -> None:
    print(json.dumps(measured()), flush=True)


if __name__ == "__main__":
    main()
