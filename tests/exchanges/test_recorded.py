"""Recorded files are read as far as they are sound: whole ones, cut ones, damaged ones, folders of them."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.exchanges import recorded
from market.exchanges.recorded import Received


@given(cut=st.integers(0, 10_000))
@settings(max_examples=60)
def test_a_file_that_was_cut_anywhere_gives_its_first_lines(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    whole = [b'{"recv_ns":%d,"msg":{"number":%d}}\n' % (number, number) for number in range(1, 200)]
    file = tmp_path_factory.getbasetemp() / "cut.jsonl.gz"
    packed = gzip.compress(b"".join(whole[:100])) + gzip.compress(b"".join(whole[100:]))
    file.write_bytes(packed[: max(2, cut % (len(packed) + 1))])

    lines = list(recorded.lines(file))

    assert lines == whole[: len(lines)]


def test_a_damaged_file_gives_what_is_before_the_damage(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "damaged.jsonl.gz"
    good = b'{"recv_ns":1,"msg":{"x":1}}\n' * 100
    file.write_bytes(gzip.compress(good) + b"\xff" * 200)

    assert b"".join(recorded.lines(file)) == good
    assert "damaged" in caplog.text


def test_every_form_of_line_is_read_and_what_is_no_frame_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "any.jsonl"
    file.write_bytes(
        b'{"recv_ns":1700000000000000001,"msg":{"a": 1}}\n'
        b'{"recv_s":1700000000.25,"msg":[1, 2]}\n'
        b'{"recv_ns":3,"event":"bad_frame","base64":"bm9uc2Vuc2U="}\n'
        b'{"recv_ns":3,"event":"bad_frame","base64":"%%"}\n'
        b'{"recv_ns":4,"event":"gap","lost":5,"reason":"No space left on device"}\n'
        b"nonsense\n"
    )

    assert list(recorded.received(file)) == [
        Received(1_700_000_000_000_000_001, b'{"a": 1}'),
        Received(1_700_000_000_250_000_000, b"[1, 2]"),
        Received(3, b"nonsense"),
    ]


def test_files_of_a_folder_follow_each_other_by_name(tmp_path: Path) -> None:
    (tmp_path / "binance-20260110T130000Z-0000.jsonl.gz").write_bytes(gzip.compress(b'{"recv_ns":2,"msg":2}\n'))
    (tmp_path / "binance-20260110T120000Z-0000.jsonl").write_bytes(b'{"recv_ns":1,"msg":1}\n')
    (tmp_path / "notes.txt").write_text("mine")

    assert [each.frame for each in recorded.received(tmp_path)] == [b"1", b"2"]


def test_a_folder_without_a_recording_and_a_path_without_anything_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no recorded file"):
        recorded.files_of(tmp_path)
    with pytest.raises(FileNotFoundError):
        list(recorded.lines(tmp_path / "missing.jsonl"))
