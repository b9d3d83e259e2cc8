"""How long a candle lasts. Times are ms since 1970 UTC, where every interval here begins at a multiple of itself."""

from enum import StrEnum

MINUTE_MS = 60_000
DAY_MINUTES = 1440


class Interval(StrEnum):
    """The value is the word that clients and venues use."""

    M1 = "1m"
    M5 = "5m"
    M15 = "15m"
    H1 = "1h"
    H4 = "4h"
    D1 = "1d"

    @property
    def minutes(self) -> int:
        return _MINUTES[self]

    @property
    def ms(self) -> int:
        return _MINUTES[self] * MINUTE_MS

    def floor(self, time_ms: int) -> int:
        """When the candle that holds `time_ms` opened."""
        return time_ms - time_ms % self.ms

    def ceil(self, time_ms: int) -> int:
        """When the first candle that opens at `time_ms` or later does."""
        return self.floor(time_ms + self.ms - 1)


_MINUTES = {
    Interval.M1: 1,
    Interval.M5: 5,
    Interval.M15: 15,
    Interval.H1: 60,
    Interval.H4: 240,
    Interval.D1: 1440,
}
