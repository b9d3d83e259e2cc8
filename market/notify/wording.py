"""What an alert is called, for people and for programs; and the links in it."""

from decimal import Decimal

import orjson
from django.conf import settings

from market.ack_link import AckLink
from market.alert_text import alert_json, text_of
from market.core.wire import number_text
from market.models import Alert, Kind, Recipient
from market.models.alert_rule import plain

SITE = "pricefeed"
INVENTED = {"simulator": "simulated, not of the exchange", "replay": "replayed, not of now"}
# Who may see it is for us to know.
OURS = ("audience", "owner")


def headline(alert: Alert) -> str:
    """One line: `critical: BTCUSDT crossed above 95000 (simulated price)`."""
    marks = " (late)" if alert.late else ""
    test = "test: " if alert.kind == Kind.TEST else ""
    return " ".join(f"{test}{alert.severity}: {text_of(alert)}{marks}".split())


def facts(alert: Alert) -> list[tuple[str, str]]:
    """What else there is to know, as pairs of name and value in the order of reading."""
    pairs = [
        ("Price", plain(alert.price)),
        ("Price before", plain(alert.previous_price)),
        ("At the exchange", f"{alert.exchange_time:%Y-%m-%d %H:%M:%S} UTC"),
        ("Decided", f"{alert.decided_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("Why", alert.why),
        ("Prices are", INVENTED.get(alert.source, "")),
        ("Late", "it happened while nobody looked" if alert.late else ""),
        ("Holds", f"{alert.count} alerts" if alert.kind == Kind.DIGEST else ""),
    ]
    return [(name, value) for name, value in pairs if value]


def links(alert: Alert, recipient: Recipient) -> dict[str, str]:
    """`page` and `acknowledge`; none for an alert that is no row, as in a test."""
    if alert.pk is None:
        return {}
    acknowledge = AckLink(alert.pk, recipient.name).path
    return {"page": f"{settings.SITE_URL}/alerts/{alert.pk}/", "acknowledge": f"{settings.SITE_URL}{acknowledge}"}


def event(alert: Alert, recipient: Recipient) -> str:
    """The body of a webhook: JSON in the form that Standard Webhooks recommends, numbers with their exact digits."""
    told = alert_json(alert)
    data = {name: value for name, value in told.items() if name not in OURS}
    data |= {"why": alert.why, **links(alert, recipient)}
    body = {"type": f"alert.{alert.kind}", "timestamp": told["decided"], "data": data}
    return orjson.dumps(body, default=_exact).decode()


def _exact(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(number_text(value))
    raise TypeError(f"{type(value)} is not for clients")
