"""Rows of alerts, recipients and deliveries for tests."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from market.models import Alert, Delivery, Recipient
from tests.support.webhook_receiver import SECRET

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)
_numbers = count(1)


def recipient(kind: str = "webhook", **fields: Any) -> Recipient:
    defaults = {"name": f"recipient {next(_numbers)}", "kind": kind, "secret": SECRET if kind == "webhook" else ""}
    return Recipient.objects.create(**{**defaults, **fields})


def unsaved_alert(**fields: Any) -> Alert:
    defaults: dict[str, Any] = {
        "symbol": "BTCUSDT",
        "rule_text": "crosses above 95000",
        "price": Decimal("95000.10"),
        "previous_price": Decimal("94990"),
        "exchange_time": NOON,
        "decided_at": NOON + timedelta(milliseconds=20),
        "source": "simulator",
        "why": "94990 was below 95000, 95000.1 is above",
        "dedupe": f"3:1:BTCUSDT:{int(NOON.timestamp() * 1000)}:{next(_numbers)}",
    }
    return Alert(**{**defaults, **fields})


def alert(**fields: Any) -> Alert:
    row = unsaved_alert(**fields)
    row.save()
    return row


def delivery(to: Recipient, **fields: Any) -> Delivery:
    """A new alert for this recipient, due since NOON."""
    about = fields.pop("alert", None) or alert()
    defaults = {"dedupe": f"{about.dedupe}:{to.pk}", "next_attempt_at": NOON}
    return Delivery.objects.create(alert=about, recipient=to, **{**defaults, **fields})
