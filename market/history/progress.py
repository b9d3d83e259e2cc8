"""How loading what is missing gets on, for people to see."""

from dataclasses import dataclass

from django.utils import timezone

from market.history.series import created_ids
from market.models import BackfillState, CandleSeries

LONGEST_NOTE = 300


@dataclass(frozen=True, slots=True)
class Progress:
    """Minutes `done` of those `wanted`; `note` is the exchange's word where it makes us wait or refuses."""

    state: BackfillState
    done: int = 0
    wanted: int = 0
    note: str = ""


def note_progress(exchange: str, symbol: str, source: str, progress: Progress) -> None:
    """Nothing is written where nothing is new."""
    series = created_ids([(exchange, symbol)], source)[exchange, symbol]
    fields = {
        "backfill_state": progress.state,
        "backfill_done": progress.done,
        "backfill_wanted": progress.wanted,
        "backfill_note": progress.note[:LONGEST_NOTE],
    }
    changed = CandleSeries.objects.filter(pk=series).exclude(**fields)
    if progress.state is BackfillState.DONE and not progress.wanted:
        changed = changed.exclude(backfill_state=BackfillState.DONE)  # nothing was missing: what was loaded stays said
    if progress.state is BackfillState.DONE:
        changed.update(**fields, backfilled_at=timezone.now())
    else:
        changed.update(**fields)
