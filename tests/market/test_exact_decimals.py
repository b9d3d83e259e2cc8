"""Decimals of alerts keep every digit, also those that an older version stored as floats."""

from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection

from market.models import AlertRule, RuleState, WatchedSymbol

LONG = Decimal("123456789012.123456789012345678")


def rule(threshold: Decimal) -> AlertRule:
    bitcoin = WatchedSymbol.objects.create(symbol="BTCUSDT", tick_size=Decimal("0.01"))
    return AlertRule.objects.create(watched=bitcoin, condition="above", threshold=threshold)


@pytest.mark.django_db
def test_a_threshold_keeps_thirty_digits() -> None:
    row = rule(LONG)

    assert AlertRule.objects.get(pk=row.pk).threshold == LONG
    assert AlertRule.objects.filter(threshold=LONG).exists()
    assert AlertRule.history.get(id=row.pk).threshold == LONG


@pytest.mark.django_db(transaction=True)
def test_what_was_stored_before_is_equal_afterwards() -> None:
    row = rule(Decimal(95000))
    assert row.watched is not None
    state = RuleState.objects.create(
        rule=row, watched=row.watched, version=1, phase="inactive", price=Decimal("95000.1")
    )
    try:
        call_command("migrate", "market", "0006", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute("SELECT threshold, typeof(threshold) FROM market_alertrule")
            assert cursor.fetchone()[1] in ("integer", "real")
    finally:
        call_command("migrate", "market", verbosity=0)

    assert AlertRule.objects.get(threshold=Decimal("95000")).pk == row.pk
    assert RuleState.objects.get(price=Decimal("95000.1")).pk == state.pk
