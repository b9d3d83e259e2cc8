"""Whom alerts are sent to."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from market.models.sealed import SealedField, Unreadable

SEALED = ("address", "secret", "old_secret")


class RecipientKind(models.TextChoices):
    EMAIL = "email", _("e-mail")
    WEBHOOK = "webhook", _("webhook")
    APPRISE = "apprise", _("apprise (Telegram, Slack, Discord, ntfy, ...)")


class Recipient(models.Model):
    """One mailbox, webhook or apprise address. Address and secrets are encrypted, never shown again and never logged.

    `failures` counts failed attempts in a row, `failing_since` is the first of them; who keeps failing is disabled
    with a reason. `old_secret` signs beside `secret` while the other side changes over.
    """

    name = models.CharField(
        _("name"), max_length=100, unique=True, help_text=_("As staff see it; the address is not shown.")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=RecipientKind)
    address = SealedField(
        _("address"), help_text=_("Mail address, https:// address of the webhook, or apprise address.")
    )
    secret = SealedField(
        _("secret"), blank=True, default="", help_text=_("Webhooks: signs each message (Standard Webhooks).")
    )
    old_secret = SealedField(blank=True, default="", editable=False)
    language = models.CharField(
        _("language"),
        max_length=16,
        blank=True,
        default="",
        choices=settings.LANGUAGES,
        help_text=_("Of the messages. Empty: the language of this site."),
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    disabled_reason = models.CharField(_("disabled because"), max_length=300, blank=True, default="", editable=False)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True, editable=False)
    tells_staff = models.BooleanField(
        _("tells staff"), default=False, help_text=_("Is told when another recipient keeps failing and was disabled.")
    )

    # The kept versions hold no secret, nor how often sending failed, which is not what staff did.
    _change_reason: str  # read by the history
    history = HistoricalRecords(excluded_fields=[*SEALED, "failures", "failing_since"])

    objects: ClassVar[models.Manager["Recipient"]] = models.Manager()

    class Meta:
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def unreadable(self) -> bool:
        """SECRET_KEY or SALT_KEY changed: nothing can be sent until address and secret are entered anew."""
        return any(isinstance(getattr(self, name), Unreadable) for name in SEALED)
