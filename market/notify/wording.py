"""What an alert is called, for people and for programs; and the links in it."""

from decimal import Decimal

import orjson
from django.conf import settings
from django.utils.translation import gettext, gettext_noop, ngettext

from market.ack_link import AckLink
from market.alert_text import alert_json, text_of
from market.core.wire import number_text
from market.models import Alert, Kind, Recipient
from market.models.alert_rule import plain
from market.phrases import phrase

SITE = "pricefeed"
INVENTED = {
    "simulator": gettext_noop("simulated, not of the exchange"),
    "replay": gettext_noop("replayed, not of now"),
}
# Who may see it is for us to know.
OURS = ("audience", "owner")


def headline(alert: Alert) -> str:
    """One line: `critical: BTCUSDT crossed above 95000 (simulated price)`."""
    words = {"severity": phrase(alert.severity), "what": phrase(text_of(alert))}
    if alert.kind == Kind.TEST:
        line = gettext("test: %(severity)s: %(what)s") % words
    elif alert.late:
        line = gettext("%(severity)s: %(what)s (late)") % words
    else:
        line = gettext("%(severity)s: %(what)s") % words
    return " ".join(line.split())


def facts(alert: Alert) -> list[tuple[str, str]]:
    """What else there is to know, as pairs of name and value in the order of reading."""
    pairs = [
        (gettext("Price"), plain(alert.price)),
        (gettext("Price before"), plain(alert.previous_price)),
        (gettext("At the exchange"), f"{alert.exchange_time:%Y-%m-%d %H:%M:%S} UTC"),
        (gettext("Decided"), f"{alert.decided_at:%Y-%m-%d %H:%M:%S} UTC"),
        (gettext("Why"), phrase(alert.why)),
        (gettext("Prices are"), gettext(INVENTED[alert.source]) if alert.source in INVENTED else ""),
        (gettext("Late"), gettext("it happened while nobody looked") if alert.late else ""),
        (gettext("Holds"), _count(alert) if alert.kind == Kind.DIGEST else ""),
    ]
    return [(name, value) for name, value in pairs if value]


def _count(alert: Alert) -> str:
    return ngettext("%(count)s alert", "%(count)s alerts", alert.count) % {"count": alert.count}


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
