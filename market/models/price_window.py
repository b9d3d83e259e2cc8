"""What rules of moves saw before: the extremes of a window, kept across restarts."""

from typing import ClassVar

from django.db import models

from market.models.symbol import WatchedSymbol


class PriceWindow(models.Model):
    """core.window.Kept of a symbol, written by the feed now and then while prices come; `highs`, `lows`: [part, price].

    `since_ms` is when it began to be filled, exchange time: a rule whose window is longer sees less than it asks for.
    """

    watched = models.ForeignKey(WatchedSymbol, models.CASCADE, related_name="price_windows")
    window_ms = models.PositiveIntegerField()
    source = models.CharField(max_length=16)
    since_ms = models.BigIntegerField()
    until_ms = models.BigIntegerField()
    until_id = models.BigIntegerField(null=True)
    highs = models.JSONField(default=list)
    lows = models.JSONField(default=list)

    objects: ClassVar[models.Manager["PriceWindow"]] = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["watched", "window_ms"], name="one_window_of_a_length")]

    def __str__(self) -> str:
        return f"{self.window_ms} ms of {self.watched_id}"
