"""Ways to tell a recipient of an alert: one class for each kind."""

from market.models import RecipientKind
from market.notify.apprise import AppriseTransport, known_service
from market.notify.base import NotDelivered, Receipt, Transport
from market.notify.email import EmailTransport
from market.notify.webhook import WebhookTransport

TRANSPORTS: dict[str, type[Transport]] = {
    RecipientKind.EMAIL.value: EmailTransport,
    RecipientKind.WEBHOOK.value: WebhookTransport,
    RecipientKind.APPRISE.value: AppriseTransport,
}

__all__ = ["TRANSPORTS", "NotDelivered", "Receipt", "Transport", "known_service"]
