"""Whom alerts are sent to."""

from typing import ClassVar

from django.db import models
from simple_history.models import HistoricalRecords

from market.models.sealed import SealedField, Unreadable

SEALED = ("address", "secret", "old_secret")


class RecipientKind(models.TextChoices):
    EMAIL = "email", "e-mail"
    WEBHOOK = "webhook", "webhook"
    APPRISE = "apprise", "apprise (Telegram, Slack, Discord, ntfy, ...)"


class Recipient(models.Model):
    """One mailbox, webhook or apprise address. Address and secrets are encrypted, never shown again and never logged.

    `failures` counts failed attempts in a row, `failing_since` is the first of them; who keeps failing is disabled
    with a reason. `old_secret` signs beside `secret` while the other side changes over.
    """

    name = models.CharField(max_length=100, unique=True, help_text="As staff see it; the address is not shown.")
    kind = models.CharField(max_length=16, choices=RecipientKind)
    address = SealedField(help_text="Mail address, https:// address of the webhook, or apprise address.")
    secret = SealedField(blank=True, default="", help_text="Webhooks: signs each message (Standard Webhooks).")
    old_secret = SealedField(blank=True, default="", editable=False)
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=300, blank=True, default="", editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    tells_staff = models.BooleanField(
        default=False, help_text="Is told when another recipient keeps failing and was disabled."
    )

    # The kept versions hold no secret, nor how often sending failed, which is not what staff did.
    _change_reason: str  # read by the history
    history = HistoricalRecords(excluded_fields=[*SEALED, "failures", "failing_since"])

    objects: ClassVar[models.Manager["Recipient"]] = models.Manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def unreadable(self) -> bool:
        """SECRET_KEY or SALT_KEY changed: nothing can be sent until address and secret are entered anew."""
        return any(isinstance(getattr(self, name), Unreadable) for name in SEALED)
