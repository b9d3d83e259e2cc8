"""What was decided: one row per alert, written once."""

from collections.abc import Iterable
from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from market.core.symbol import LONGEST
from market.models.alert_rule import AlertRule, Audience, Severity
from market.models.exact import ExactDecimalField
from market.models.symbol import DEFAULT_EXCHANGE
from market.phrases import phrase

# What people and time add to an alert; everything else stays as it was decided. `count` only grows: a digest takes
# more, crossings that the interval forbids are counted at the last alert.
LATER = frozenset(
    {
        "acknowledged_at",
        "acknowledged_by",
        "acknowledged_by_id",
        "acknowledged_through",
        "snoozed_until",
        "resolved_at",
        "count",
    }
)


class AppendOnly(Exception):
    """Somebody tried to change or delete what was decided."""


class Kind(models.TextChoices):
    PRICE = "price", _("price")
    FEED = "feed", _("feed")
    DIGEST = "digest", _("digest")
    RECIPIENT = "recipient", _("recipient")
    TEST = "test", _("test")


class Alerts(models.QuerySet["Alert"]):
    """Refuses what instances refuse: AppendOnly."""

    def update(self, **fields: Any) -> int:
        _check(fields)
        return super().update(**fields)

    def delete(self) -> NoReturn:
        raise AppendOnly("alerts are kept")


class Alert(models.Model):
    """One alert. `rule_text` says what the rule was: the alert is kept when the rule is deleted.

    `dedupe` is unique: a restart or a second feed cannot write the same decision twice. `ticks` are those around it,
    `count` how many crossings it stands for. `owner` may see it where `audience` is the owner.
    """

    rule = models.ForeignKey(
        AlertRule, models.SET_NULL, null=True, blank=True, related_name="alerts", verbose_name=_("rule")
    )
    rule_version = models.PositiveIntegerField(_("version of the rule"), null=True, blank=True)
    rule_text = models.CharField(_("rule in words"), max_length=300, blank=True, default="")
    exchange = models.CharField(_("exchange"), max_length=32, default=DEFAULT_EXCHANGE)
    symbol = models.CharField(
        _("symbol"), max_length=LONGEST, blank=True, default="", help_text=_("Empty: not about one symbol.")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.PRICE)
    severity = models.CharField(_("severity"), max_length=16, choices=Severity, default=Severity.WARNING)
    audience = models.CharField(_("seen by"), max_length=16, choices=Audience, default=Audience.STAFF)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="own_alerts",
        verbose_name=_("owner"),
    )
    price = ExactDecimalField(_("price"), max_digits=30, decimal_places=18, null=True, blank=True)
    previous_price = ExactDecimalField(_("price before"), max_digits=30, decimal_places=18, null=True, blank=True)
    exchange_time = models.DateTimeField(_("exchange time"), default=timezone.now)
    decided_at = models.DateTimeField(_("decided at"), default=timezone.now)
    late = models.BooleanField(_("late"), default=False, help_text=_("The crossing happened while nobody looked."))
    source = models.CharField(_("source"), max_length=16, blank=True, default="")
    why = models.TextField(_("why"), blank=True, default="")
    count = models.PositiveIntegerField(_("count"), default=1)
    ticks = models.JSONField(_("ticks"), default=list, blank=True)
    dedupe = models.CharField(max_length=200, unique=True)
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="acknowledged_alerts",
        verbose_name=_("acknowledged by"),
    )
    acknowledged_through = models.CharField(
        _("acknowledged through"),
        max_length=100,
        blank=True,
        default="",
        help_text=_("The recipient whose link it was, where nobody signed in."),
    )
    snoozed_until = models.DateTimeField(_("snoozed until"), null=True, blank=True)
    resolved_at = models.DateTimeField(_("resolved at"), null=True, blank=True)

    objects: ClassVar[models.Manager["Alert"]] = Alerts.as_manager()

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["symbol", "-id"], name="alerts_of_a_symbol"),
            # The page's first question, newest first; nearly all alerts are acknowledged or resolved and stay for ever.
            models.Index(fields=["-id"], name="alerts_open", condition=Q(acknowledged_at=None) & Q(resolved_at=None)),
            # What a rule still has to resolve: at most a few, however often it has fired.
            models.Index(fields=["rule", "symbol"], name="alerts_unresolved", condition=Q(resolved_at=None)),
            # The feed asks every second what is snoozed now.
            models.Index(fields=["snoozed_until"], name="alerts_snoozed", condition=Q(snoozed_until__isnull=False)),
        ]

    @property
    def acknowledged_name(self) -> str:
        """Who acknowledged it: a user, or the recipient whose link it was; empty where neither is known any more."""
        return self.acknowledged_by.get_username() if self.acknowledged_by else self.acknowledged_through

    def __str__(self) -> str:
        return f"{self.symbol or self.get_kind_display()}: {phrase(self.rule_text or self.why)}"

    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        if not self._state.adding:
            update_fields = LATER - {"acknowledged_by_id", "count"} if update_fields is None else [*update_fields]
            _check(update_fields)
        super().save(update_fields=update_fields, **options)

    def delete(self, *args: Any, **options: Any) -> NoReturn:
        raise AppendOnly("alerts are kept")


def _check(fields: Iterable[str]) -> None:
    if fixed := sorted(set(fields) - LATER):
        raise AppendOnly(f"alerts are append-only: {', '.join(fixed)} cannot change")
