"""What becomes of candles: every delay, how much is loaded, how long it is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings

from market.backfill import BackfillPace
from market.candle_writer import WritePace
from market.core.interval import Interval


@dataclass(frozen=True, slots=True)
class CandlePace:
    """Seconds. `open`: between two words about open candles; `closed`: so that those that close together leave so.

    `kept`: candles are subscribed and stored. `keep_days` of each stored interval (0: for ever) are left by a pruning
    `prune_first` after the start and `prune_every` so often.
    """

    open: float = 1.0
    closed: float = 0.05
    kept: bool = True
    write: WritePace = WritePace()
    backfill: BackfillPace = BackfillPace()
    keep_days: Mapping[Interval, int] = field(default_factory=dict)
    prune_first: float = 300.0
    prune_every: float = 3600.0


def keep_days() -> dict[Interval, int]:
    """Days that each stored interval is kept, as the environment says; 0: for ever."""
    return {Interval(name): days for name, days in settings.CANDLE_DAYS.items()}


def candle_pace() -> CandlePace:
    """As the environment says."""
    return CandlePace(
        kept=settings.CANDLES,
        backfill=BackfillPace(days=settings.CANDLE_BACKFILL_DAYS),
        keep_days=keep_days(),
    )
