"""The outbox: who has to be told of which alert, and how that went."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from market.models.alert import Alert
from market.models.recipient import Recipient


class DeliveryState(models.TextChoices):
    WAITING = "waiting", "waiting"
    SENDING = "sending", "sending"
    DELIVERED = "delivered", "delivered"
    DEAD = "dead", "given up"


class Delivery(models.Model):
    """One alert for one recipient, written in the alert's transaction. `dedupe` keeps a second writer out.

    `taken_until`: a process that sends has until then; later another may take it.
    """

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="deliveries")
    recipient = models.ForeignKey(Recipient, models.CASCADE, related_name="deliveries", db_index=False)
    dedupe = models.CharField(max_length=250, unique=True)
    state = models.CharField(max_length=16, choices=DeliveryState, default=DeliveryState.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    taken_until = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager["Delivery"]] = models.Manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
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
        return f"alert {self.alert_id} to {self.recipient}: {self.state}"


class DeliveryAttempt(models.Model):
    """One try. `status` is the HTTP or SMTP status where there was one, `excerpt` the start of the answer."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="log")
    at = models.DateTimeField(default=timezone.now)
    ok = models.BooleanField()
    status = models.PositiveIntegerField(null=True, blank=True)
    duration_ms = models.PositiveIntegerField(default=0)
    excerpt = models.TextField(blank=True, default="")

    objects: ClassVar[models.Manager["DeliveryAttempt"]] = models.Manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{'sent' if self.ok else 'failed'} at {self.at:%Y-%m-%d %H:%M:%S} UTC"
