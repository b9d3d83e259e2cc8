"""The Retry-After header of an HTTP answer."""

from email.utils import parsedate_to_datetime


def retry_after(value: str | None, date: str | None) -> float | None:
    """Seconds to stay away. `value` holds seconds or a date, which is counted from `date`, the answer's own.

    None when the header is missing or unreadable.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - parsedate_to_datetime(date or "")).total_seconds())
    except (ValueError, TypeError):
        return None
