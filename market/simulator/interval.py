"""Candle intervals: where a candle opens and where the next one does. Times are ms since 1970, UTC."""

from datetime import UTC, datetime

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
WEEK_MS = 7 * DAY_MS
FIRST_MONDAY_MS = 4 * DAY_MS
LENGTHS = {
    "1m": MINUTE_MS,
    "3m": 3 * MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": HOUR_MS,
    "2h": 2 * HOUR_MS,
    "4h": 4 * HOUR_MS,
    "6h": 6 * HOUR_MS,
    "8h": 8 * HOUR_MS,
    "12h": 12 * HOUR_MS,
    "1d": DAY_MS,
    "3d": 3 * DAY_MS,
    "1w": WEEK_MS,
}
INTERVALS = (*LENGTHS, "1M")


def opening(interval: str, at_ms: int) -> int:
    """When the candle that holds `at_ms` opened. Raises KeyError for an unknown interval."""
    if interval == "1M":
        moment = datetime.fromtimestamp(at_ms / 1000, UTC)
        return _month_start(moment.year, moment.month)
    length = LENGTHS[interval]
    offset = FIRST_MONDAY_MS if interval == "1w" else 0
    return at_ms - (at_ms - offset) % length


def following(interval: str, open_ms: int) -> int:
    """When the candle after the one that opened at `open_ms` opens."""
    if interval != "1M":
        return open_ms + LENGTHS[interval]
    moment = datetime.fromtimestamp(open_ms / 1000, UTC)
    return _month_start(moment.year + moment.month // 12, moment.month % 12 + 1)


def preceding(interval: str, open_ms: int) -> int:
    """When the candle before the one that opened at `open_ms` opened."""
    return opening(interval, open_ms - 1)


def _month_start(year: int, month: int) -> int:
    return int(datetime(year, month, 1, tzinfo=UTC).timestamp()) * 1000
