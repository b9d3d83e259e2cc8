"""The clock of a simulated exchange, which a test brings to the end of a minute."""

from market.core.interval import MINUTE_MS
from market.simulator.simulator import wall_clock_ms


class ExchangeClock:
    """The exchange's, in ms since 1970; a test brings it to the end of a minute."""

    def __init__(self) -> None:
        self._ahead_ms = 0

    def __call__(self) -> int:
        return wall_clock_ms() + self._ahead_ms

    def end_minute_in(self, ms: int) -> int:
        """When the minute began that is about to end."""
        self._ahead_ms += (-ms - self()) % MINUTE_MS
        return self() // MINUTE_MS * MINUTE_MS
