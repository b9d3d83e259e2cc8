"""Frames made once are those that any client reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from market.core.framing import http_chunk, plain, ws_deflated_frame, ws_frame

LENGTHS = (0, 1, 125, 126, 255, 256, 65_535, 65_536, 200_000)


def parse(data: bytes, *extensions: PerMessageDeflate) -> Frame:
    """As the websockets library reads it on the client's side."""
    reader = StreamReader()
    reader.feed_data(data)
    parser = Frame.parse(reader.read_exact, mask=False, extensions=list(extensions))
    try:
        while True:
            next(parser)
    except StopIteration as done:
        frame: Frame = done.value
    assert not reader.buffer
    return frame


@pytest.mark.parametrize("length", LENGTHS)
def test_a_frame_of_any_length_is_read_back(length: int) -> None:
    frame = parse(ws_frame(b"p" * length))

    assert (frame.opcode, bytes(frame.data), frame.fin) == (Opcode.TEXT, b"p" * length, True)


@pytest.mark.parametrize("length", LENGTHS)
def test_a_deflated_frame_is_read_back_by_a_client_that_keeps_no_context(length: int) -> None:
    deflate = PerMessageDeflate(True, True, 12, 12)
    payload = bytes(number * 7 % 251 for number in range(length))

    for _ in range(2):
        assert bytes(parse(ws_deflated_frame(payload), deflate).data) == payload


def test_deflate_is_worth_it_for_a_list_of_quotes() -> None:
    payload = b'{"symbol":"BTCUSDT","exchange":"binance","price":61828.02},' * 16

    assert len(ws_deflated_frame(payload)) < len(payload) / 4


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_chunks_are_read_back_and_never_end_the_body(parts: list[bytes]) -> None:
    body, rest = b"", b"".join(http_chunk(part) for part in parts)
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        assert length > 0
        body, rest = body + rest[:length], rest[length + 2 :]

    assert body == b"".join(parts)


def test_plain_is_for_servers_that_frame_by_themselves() -> None:
    assert plain(b"x") == b"x"
