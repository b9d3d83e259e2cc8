"""A server under test: the program whose core is measured, and where clients find it."""

from dataclasses import dataclass

from benchmarks.program import Program


@dataclass(frozen=True, slots=True)
class Server:
    program: Program
    port: int


class Unavailable(Exception):
    """This row cannot be measured here; the message says why, in a few words."""
