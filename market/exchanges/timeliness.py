"""Tells an exchange time that cannot be right."""

AHEAD_MS = 60_000
BEHIND_MS = 600_000
CONVINCED_BY = 8


class Timeliness:
    """Compares the exchange's clock with a monotonic one; the wall clock is not asked.

    This machine's may be wrong, and a replayed recording is of another year. A time that runs far ahead would make
    every later message look old, one far behind would show an old price as new: both are refused, until so many
    in a row agree that it must be the exchange's clock that changed.
    """

    def __init__(self) -> None:
        self._lead: float | None = None  # exchange time minus ours, ms
        self._other_lead = 0.0
        self._agreeing = 0

    def accepts(self, time_ms: int, now: float) -> bool:
        """`now` is monotonic seconds."""
        lead = time_ms - now * 1000
        if self._lead is None:
            self._lead = lead
            return True
        drift = lead - self._lead
        if not -BEHIND_MS <= drift <= AHEAD_MS:
            return self._is_convinced(lead)
        self._agreeing = 0
        # Delays only ever make the exchange seem late, so up at once and down slowly.
        self._lead += drift if drift > 0 else drift / 16
        return True

    def _is_convinced(self, lead: float) -> bool:
        if abs(lead - self._other_lead) > AHEAD_MS:
            self._agreeing = 0
            self._other_lead = lead
        self._agreeing += 1
        if self._agreeing < CONVINCED_BY:
            return False
        self._agreeing = 0
        self._lead = lead
        return True
