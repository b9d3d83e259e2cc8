"""An alert as clients see it: one JSON object, the same on every transport, and one line of words."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from market.core.wire import number_text
from market.models import Alert, Kind

SIMULATED = {"simulator": "simulated price", "replay": "replayed price"}
_encode = json.JSONEncoder(ensure_ascii=False).encode
# What a rule says it waits for -> what has happened.
PAST = {"crosses": "crossed", "enters": "entered", "leaves": "left"}


def alert_json(alert: Alert) -> dict[str, Any]:
    """An alert as clients see it, the same on every transport. Prices are exact Decimals: alert_text writes them."""
    return {
        "id": alert.pk,
        "rule": alert.rule_id,
        "symbol": alert.symbol,
        "exchange": alert.exchange,
        "severity": alert.severity,
        "kind": alert.kind,
        "text": text_of(alert),
        "price": alert.price,
        "previous_price": alert.previous_price,
        "timestamp": _time_text(alert.exchange_time),
        "decided": _time_text(alert.decided_at),
        "late": alert.late,
        "source": alert.source,
        "count": alert.count,
        "audience": alert.audience,
        "owner": alert.owner_id,
        "acknowledged": alert.acknowledged_at is not None,
        "snoozed_until": None if alert.snoozed_until is None else _time_text(alert.snoozed_until),
    }


def alert_text(alert: Alert) -> str:
    """alert_json as JSON text, in which prices keep their digits."""
    return f"{{{','.join(f'{json.dumps(name)}:{_json(value)}' for name, value in alert_json(alert).items())}}}"


def text_of(alert: Alert) -> str:
    """One line: `BTCUSDT crossed above 95000`. What is not a real price says so."""
    if alert.kind != Kind.PRICE:
        return _digest_text(alert) if alert.kind == Kind.DIGEST else alert.why
    verb, _, rest = alert.rule_text.partition(" ")
    simulated = f" ({SIMULATED[alert.source]})" if alert.source in SIMULATED else ""
    times = f" {alert.count} times" if alert.count > 1 else ""
    return f"{alert.symbol} {PAST.get(verb, verb)} {rest}{times}{simulated}"


def _digest_text(alert: Alert) -> str:
    simulated = f" ({SIMULATED[alert.source]})" if alert.source in SIMULATED else ""
    return f"market-wide: {alert.count} alerts, such as {alert.rule_text}{simulated}"


def _json(value: Any) -> str:
    return number_text(value) if isinstance(value, Decimal) else _encode(value)


def _time_text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
