"""That a feed lives, for processes that hear nothing of it."""

from typing import ClassVar

from django.db import models
from django.utils import timezone


class FeedSign(models.Model):
    """When prices of an exchange were last alive, by the feed's clock; written every few seconds while they are.

    No row: there never was a feed with prices.
    """

    exchange = models.CharField(max_length=32, primary_key=True)
    at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager["FeedSign"]] = models.Manager()

    def __str__(self) -> str:
        return f"{self.exchange} alive at {self.at:%Y-%m-%d %H:%M:%S} UTC"
