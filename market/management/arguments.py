"""Types of command-line arguments, with errors for people."""

import argparse
from pathlib import Path
from typing import Any

from market.exchanges.record_files import MEGABYTE, Room
from market.exchanges.recorder import RecordTo


def port_number(text: str) -> int:
    """0 to 65535."""
    if not text.isascii() or not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"not a port: {text!r}")
    return int(text)


def positive(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"not a positive whole number: {text!r}")
    return int(text)


def not_negative(text: str) -> float:
    """Also refuses `nan` and `inf`, which `float` reads."""
    try:
        number = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not a number: {text!r}") from error
    if not 0 <= number < 1e9:
        raise argparse.ArgumentTypeError(f"not a number of 0 or more: {text!r}")
    return number


def add_recording(parser: argparse.ArgumentParser) -> None:
    """`--record DIR` and how much of it to keep."""
    usual = Room()
    group = parser.add_argument_group("recording, for `--replay`: every frame of the exchange as it came")
    group.add_argument("--record", type=Path, metavar="DIR", help="write compressed files into this folder")
    group.add_argument(
        "--record-total",
        type=positive,
        default=usual.total // MEGABYTE,
        metavar="MB",
        help="of all files; the oldest are deleted (default: %(default)s)",
    )
    group.add_argument(
        "--record-file",
        type=positive,
        default=usual.file // MEGABYTE,
        metavar="MB",
        help="a new file after so much, and every hour (default: %(default)s)",
    )


def recording(options: dict[str, Any]) -> RecordTo | None:
    """What the arguments of `add_recording` say."""
    if options["record"] is None:
        return None
    room = Room(file=options["record_file"] * MEGABYTE, total=options["record_total"] * MEGABYTE)
    return RecordTo(options["record"], room)
