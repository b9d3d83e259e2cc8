"""How long an exchange wants to be left alone."""

import pytest

from market.exchanges.refusal import retry_after


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        ("120", None, 120.0),
        (" 5 ", None, 5.0),
        ("Sat, 10 Jan 2026 12:02:00 GMT", "Sat, 10 Jan 2026 12:00:00 GMT", 120.0),
        ("Sat, 10 Jan 2026 11:00:00 GMT", "Sat, 10 Jan 2026 12:00:00 GMT", 0.0),
        ("Sat, 10 Jan 2026 12:02:00 GMT", None, None),
        (None, None, None),
        ("soon", None, None),
        ("-5", None, None),
        ("١", None, None),
        ("9" * 400, None, None),
    ],
)
def test_seconds_and_dates_are_read_and_nonsense_is_none(
    value: str | None, date: str | None, seconds: float | None
) -> None:
    assert retry_after(value, date) == seconds
