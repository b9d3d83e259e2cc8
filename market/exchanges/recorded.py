"""Recorded traffic, read back: lines of a file or of a folder of files, plain or gzip, whole or cut off.

A line is one of
    {"recv_ns":<int>,"msg":<the frame, byte for byte>}      received at, nanoseconds since 1970
    {"recv_s":<float>,"msg":<the frame, byte for byte>}     received at, seconds since 1970
    {"recv_ns":<int>,"event":"bad_frame","base64":<text>}   a frame that is no JSON, or more than a line
    {"recv_ns":<int>,"event":<text>,...}                    what the recorder did itself: connect, client_sent, gap ...
Each file of `exchanges/recorder` says at its begin, as a repeated `connect`, where its frames come from.
`simulator/recording` plays them.
"""

import base64
import binascii
import logging
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

logger = logging.getLogger(__name__)

RECEIVED = re.compile(rb'\{"recv_(ns|s)":\s*([0-9]+(?:\.[0-9]+)?),\s*"msg":\s*(.*)\}\s*', re.DOTALL)
BAD_FRAME = re.compile(rb'\{"recv_ns":([0-9]+),"event":"bad_frame","base64":"([^"]*)"\}\s*')
NAMES = (".jsonl", ".jsonl.gz")
GZIP = b"\x1f\x8b"
CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Received:
    """A frame as it came, and when: nanoseconds since 1970 by the recorder's clock."""

    at_ns: int
    frame: bytes


def files_of(path: Path) -> list[Path]:
    """`path` itself, or the recorded files of a folder in the order of their names, which is that of their times.

    Raises OSError when there is no such path, ValueError for a folder without a recording.
    """
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.name.endswith(NAMES))
    if not files:
        raise ValueError(f"{path}: no recorded file (*.jsonl or *.jsonl.gz) in it")
    return files


def lines(path: Path) -> Iterator[bytes]:
    """Every line of a file or folder. Of a compressed file that was cut off, as by a crash: those that are whole."""
    for file in files_of(path):
        yield from _lines_of(file)


def received(path: Path) -> Iterator[Received]:
    """Every frame, those that are no JSON too."""
    for line in lines(path):
        frame = _received(line)
        if frame is not None:
            yield frame


def received_ns(unit: bytes, number: bytes) -> int:
    """Nanoseconds of the two groups of RECEIVED that say when."""
    return int(number) if unit == b"ns" else int(Decimal(number.decode()) * 10**9)


def _received(line: bytes) -> Received | None:
    if match := RECEIVED.fullmatch(line):
        return Received(received_ns(match[1], match[2]), match[3])
    if match := BAD_FRAME.fullmatch(line):
        try:
            return Received(int(match[1]), base64.b64decode(match[2], validate=True))
        except binascii.Error:
            return None
    return None


def _lines_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        compressed = file.read(2) == GZIP
        file.seek(0)
        if not compressed:
            yield from file
            return
        rest = b""
        for text in _inflated(file, path):
            *whole, rest = (rest + text).split(b"\n")
            yield from (line + b"\n" for line in whole)


def _inflated(file: BinaryIO, path: Path) -> Iterator[bytes]:
    """The text of all members of a gzip file, as far as it is sound. Whoever ended a file ended its last line too."""
    inflate, is_open, last = zlib.decompressobj(wbits=31), False, b"\n"
    try:
        while chunk := file.read(CHUNK):
            while chunk:
                text = inflate.decompress(chunk)
                yield text
                last, is_open, chunk = text[-1:] or last, not inflate.eof, inflate.unused_data
                if inflate.eof:
                    inflate = zlib.decompressobj(wbits=31)
    except zlib.error as exc:
        logger.warning("%s: damaged, what follows is left out: %s", path, exc)
        return
    if not is_open and last != b"\n":
        yield b"\n"
