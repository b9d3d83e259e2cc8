"""What was traded, minute by minute, and what is known to be missing."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from market.core.interval import Interval
from market.core.symbol import LONGEST
from market.models.exact import ExactDecimalField

# Kept as rows: all of them. Of minutes alone a chart of days would take a second; the longer ones are a quarter more.
STORED = tuple(Interval)


class BackfillState(models.TextChoices):
    IDLE = "idle", _("not begun")
    WAITING = "waiting", _("in line")
    RUNNING = "running", _("loading")
    HELD_UP = "held-up", _("the exchange makes us wait")
    DONE = "done", _("complete")


class GapReason(models.TextChoices):
    """Why candles are missing for good. The values are what clients see."""

    UNLISTED = "unlisted", _("before the first trade on the exchange")
    HALTED = "halted", _("the exchange did not trade this symbol")
    NONE = "none", _("the exchange has no candles of this time")
    PARTIAL = "partial", _("listening began within this minute")
    QUIET = "quiet", _("no trade was recorded in this minute")


class CandleSeries(models.Model):
    """The candles of one symbol from one source: they outlive the watched row, and simulated never meets real.

    `changes` counts the writes of its candles and gaps. `backfill_*` is the progress of loading what is missing.
    """

    exchange = models.CharField(_("exchange"), max_length=32)
    symbol = models.CharField(_("symbol"), max_length=LONGEST)
    source = models.CharField(_("source"), max_length=16)
    changes = models.BigIntegerField(default=0, editable=False)
    backfill_state = models.CharField(
        _("history"), max_length=16, choices=BackfillState, default=BackfillState.IDLE, editable=False
    )
    backfill_done = models.PositiveIntegerField(_("minutes loaded"), default=0, editable=False)
    backfill_wanted = models.PositiveIntegerField(_("minutes wanted"), default=0, editable=False)
    backfill_note = models.CharField(
        _("what the exchange says"), max_length=300, blank=True, default="", editable=False
    )
    backfilled_at = models.DateTimeField(_("last loaded"), null=True, editable=False)

    objects: ClassVar[models.Manager["CandleSeries"]] = models.Manager()

    class Meta:
        ordering = ["exchange", "symbol", "source"]
        verbose_name = _("candles of a symbol")
        verbose_name_plural = _("candles")
        constraints = [
            models.UniqueConstraint(fields=["exchange", "symbol", "source"], name="one_series_per_symbol_and_source")
        ]

    def __str__(self) -> str:
        return f"{self.exchange}:{self.symbol} ({self.source})"


class Candle(models.Model):
    """core.candle.Candle as a row; `open_time` is ms since 1970 UTC, `interval` one of STORED.

    `minutes` says of how many minutes it is made: a longer one is never replaced by one that is made of fewer.
    Written by `market.history` alone, which keeps the longer ones right.
    """

    series = models.ForeignKey(CandleSeries, models.CASCADE, related_name="candles", db_index=False)
    interval = models.CharField(max_length=3, choices=[(each.value, each.value) for each in STORED])
    open_time = models.BigIntegerField()
    open = ExactDecimalField(max_digits=30, decimal_places=10)
    high = ExactDecimalField(max_digits=30, decimal_places=10)
    low = ExactDecimalField(max_digits=30, decimal_places=10)
    close = ExactDecimalField(max_digits=30, decimal_places=10)
    volume = ExactDecimalField(max_digits=50, decimal_places=20)
    quote_volume = ExactDecimalField(max_digits=50, decimal_places=20)
    trades = models.BigIntegerField()
    minutes = models.PositiveSmallIntegerField(default=1)

    objects: ClassVar[models.Manager["Candle"]] = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "interval", "open_time"], name="one_candle_per_moment")
        ]

    def __str__(self) -> str:
        return f"{self.series_id} {self.interval} {self.open_time}"


class CandleGap(models.Model):
    """Minutes from `start` up to `end` (ms since 1970 UTC) that have no candle and never will."""

    series = models.ForeignKey(CandleSeries, models.CASCADE, related_name="gaps", db_index=False)
    start = models.BigIntegerField()
    end = models.BigIntegerField()
    reason = models.CharField(max_length=16, choices=GapReason)

    objects: ClassVar[models.Manager["CandleGap"]] = models.Manager()

    class Meta:
        ordering = ["series", "start"]
        constraints = [models.UniqueConstraint(fields=["series", "start"], name="one_gap_per_moment")]

    def __str__(self) -> str:
        return f"{self.series_id} {self.start}-{self.end}: {self.reason}"
