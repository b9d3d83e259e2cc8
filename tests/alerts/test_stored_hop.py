"""How long it takes from a decision until it is a row."""

import asyncio
from datetime import datetime
from decimal import Decimal

import pytest
from channels.layers import InMemoryChannelLayer, channel_layers
from django.utils import timezone

from market.core.quote import Quote
from market.judge import Judge, JudgePace
from market.models import Alert, AlertRule, WatchedSymbol
from market.publish import Publisher
from tests.support.exchange import until

NOON = 1_768_046_400_000


@pytest.mark.django_db(transaction=True)
async def test_only_alerts_are_timed_and_only_once_they_are_rows() -> None:
    before = channel_layers.set("default", InMemoryChannelLayer())
    await asyncio.to_thread(make_rule)
    stored: list[datetime] = []
    judge = Judge("binance", "simulator", Publisher(), on_stored=stored.extend, pace=JudgePace(rules=0.02))
    task = asyncio.create_task(judge.run())
    try:
        await judge.ready()
        began = timezone.now()
        for number, price in enumerate((90, 101, 95)):  # below, above: an alert, below again: none
            judge.see(Quote("binance", "BTCUSDT", "simulator", NOON + number, {"price": Decimal(price)}))
        await until(lambda: stored and not judge.waiting)
    finally:
        task.cancel()
        await asyncio.wait([task])
        if before is not None:
            channel_layers.set("default", before)

    rows = await asyncio.to_thread(lambda: list(Alert.objects.values_list("decided_at", flat=True)))
    assert stored == rows
    assert began <= stored[0] <= timezone.now()


def make_rule() -> None:
    WatchedSymbol.objects.all().delete()
    watched = WatchedSymbol.objects.create(symbol="BTCUSDT")
    AlertRule.objects.create(watched=watched, condition="above", threshold=Decimal(100))
