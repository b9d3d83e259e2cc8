"""The outbox: who has to be told of which alert, and how that went."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from market.models.alert import Alert
from market.models.recipient import Recipient
from market.zone import zoned


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    SENDING = "sending", _("sending")
    DELIVERED = "delivered", _("delivered")
    DEAD = "dead", _("given up")


class Delivery(models.Model):
    """One alert for one recipient, written in the alert's transaction. `dedupe` keeps a second writer out.

    `taken_until`: a process that sends has until then; later another may take it.
    """

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="deliveries", verbose_name=_("alert"))
    recipient = models.ForeignKey(
        Recipient, models.CASCADE, related_name="deliveries", db_index=False, verbose_name=_("recipient")
    )
    dedupe = models.CharField(max_length=250, unique=True)
    state = models.CharField(_("state"), max_length=16, choices=DeliveryState, default=DeliveryState.WAITING)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt at"), default=timezone.now)
    taken_until = models.DateTimeField(_("taken until"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)

    objects: ClassVar[models.Manager["Delivery"]] = models.Manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-id"]
        # Asked several times a second by every sender, and nearly all rows are delivered and stay for ever. Not partial
        # indexes: SQLite, which gets the states as parameters, does not see that `state IN (?, ?)` or an OR of states
        # lies within one, and reads 300,000 rows in 20 ms instead of the few that are due in 0.05 ms.
        indexes = [
            models.Index(fields=["state", "next_attempt_at"], name="deliveries_due"),
            # In order per recipient: is there an older one that is not done? In place of the foreign key's own index,
            # which SQLite would prefer.
            models.Index(fields=["recipient", "state"], name="deliveries_in_order"),
        ]

    def __str__(self) -> str:
        words = {"alert": self.alert_id, "recipient": self.recipient, "state": self.get_state_display()}
        return gettext("alert %(alert)s to %(recipient)s: %(state)s") % words


class DeliveryAttempt(models.Model):
    """One try. `status` is the HTTP or SMTP status where there was one, `excerpt` the start of the answer."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="log", verbose_name=_("delivery"))
    at = models.DateTimeField(_("at"), default=timezone.now)
    ok = models.BooleanField(_("worked"))
    status = models.PositiveIntegerField(_("status"), null=True, blank=True)
    duration_ms = models.PositiveIntegerField(_("duration in ms"), default=0)
    excerpt = models.TextField(_("answer"), blank=True, default="")

    objects: ClassVar[models.Manager["DeliveryAttempt"]] = models.Manager()

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["id"]

    def __str__(self) -> str:
        words = gettext("sent at %(time)s") if self.ok else gettext("failed at %(time)s")
        return words % {"time": zoned(self.at)}
