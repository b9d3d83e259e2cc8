"""A cursor survives being sent to a client and back; anything else is no cursor."""

from hypothesis import given
from hypothesis import strategies as st

from market.core.cursor import Cursor, new_epoch, parse_cursor

EPOCHS = st.builds(new_epoch, st.integers(0, 2**50), st.integers(0, 1295))


@given(EPOCHS, st.integers(0, 10**18 - 1))
def test_a_cursor_reads_back_as_itself(epoch: str, seq: int) -> None:
    cursor = Cursor(epoch, seq)

    assert parse_cursor(str(cursor)) == cursor
    assert parse_cursor(f'"{cursor}"') == cursor  # as an ETag


@given(st.text() | st.none() | st.from_regex(r"[0-9a-z:]{0,40}:[0-9]{0,30}"))
def test_whatever_a_client_sends_is_a_cursor_or_nothing(text: str | None) -> None:
    cursor = parse_cursor(text)

    assert cursor is None or parse_cursor(str(cursor)) == cursor


def test_digits_of_other_scripts_are_no_cursor() -> None:
    assert parse_cursor("k3f9:١٢") is None
    assert parse_cursor("k3f9:12\n") == Cursor("k3f9", 12)


@given(st.integers(10**12, 10**13), st.integers(1, 10**10), st.integers(0, 1295), st.integers(0, 1295))
def test_a_later_start_has_a_later_name(now_ms: int, later_by: int, salt: int, later_salt: int) -> None:
    assert new_epoch(now_ms, salt) < new_epoch(now_ms + later_by, later_salt)
