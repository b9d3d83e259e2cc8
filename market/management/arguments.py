"""Types of command-line arguments, with errors for people."""

import argparse


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
