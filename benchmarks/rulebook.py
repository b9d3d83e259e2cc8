"""Fills pricefeed's database with alert rules for a measurement, each with where it stands.

python -m benchmarks.rulebook COUNT     (the watched symbols in turn; settings from the environment, as ever)

The exchange's prices swing by 10 around 60,000: no threshold is there, so that rules are looked at and none fires.
"""

import json
import os
import random
import sys
from decimal import Decimal
from itertools import cycle, islice
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from market.models import AlertRule, RuleState, WatchedSymbol

AT_ONCE = 2_000
PRICE = Decimal(60_000)
NEAREST, FARTHEST = 1_100, 30_000  # cents from it
CONDITIONS = ("above", "below", "cross", "change_above", "change_below", "moved", "enters", "leaves")
WINDOWS_S = (1, 60, 3_600, 86_400)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pricefeed.settings")
    django.setup()
    from market.models import AlertRule, RuleState, WatchedSymbol

    symbols = cycle(WatchedSymbol.objects.all())
    chance = random.Random(3)
    made = [_rule(symbol, chance) for symbol in islice(symbols, int(sys.argv[1]))]
    rows = AlertRule.objects.bulk_create(made, batch_size=AT_ONCE)
    RuleState.objects.bulk_create((_state(row) for row in rows), batch_size=AT_ONCE)
    print(json.dumps({"rules": len(rows)}), flush=True)


def _rule(symbol: "WatchedSymbol", chance: random.Random) -> "AlertRule":
    from market.models import AlertRule

    condition = chance.choice(CONDITIONS)
    distance = Decimal(chance.choice([-1, 1]) * chance.randint(NEAREST, FARTHEST)) / 100
    threshold, upper = PRICE + distance, None
    if condition in ("change_above", "change_below", "moved"):
        threshold = Decimal(chance.randint(2, 20)) * (-1 if condition == "change_below" else 1)
    elif condition in ("enters", "leaves"):
        threshold, upper = sorted((threshold, PRICE + distance * 2))
    if condition == "leaves":
        threshold, upper = PRICE - abs(distance), PRICE + abs(distance)
    return AlertRule(
        watched=symbol,
        condition=condition,
        threshold=threshold,
        upper=upper,
        window_seconds=chance.choice(WINDOWS_S) if condition == "moved" else None,
    )


def _state(row: "AlertRule") -> "RuleState":
    """As after the first tick."""
    from market.models import RuleState

    assert row.watched is not None
    holds = {"above": row.threshold < PRICE, "below": row.threshold > PRICE, "cross": row.threshold < PRICE}
    return RuleState(
        rule=row,
        watched=row.watched,
        version=row.version,
        phase="inactive",
        holds=holds.get(row.condition, False),
        price=PRICE,
    )


if __name__ == "__main__":
    main()
