"""How long to wait after a failed attempt, and when to give up."""

from collections.abc import Iterator
from itertools import islice

DAY = 86_400.0  # seconds
SPREAD = 0.2


def pauses(*, first: float = 5.0, longest: float = 3600.0, within: float = DAY) -> Iterator[float]:
    """Seconds before the second, third, ... attempt: doubled up to `longest`, together at most `within`."""
    pause, waited = first, 0.0
    while waited + pause <= within:
        yield pause
        waited += pause
        pause = min(2 * pause, longest)


def pause_after(attempts: int, *, first: float = 5.0, longest: float = 3600.0, within: float = DAY) -> float | None:
    """Seconds to wait after so many failed attempts (1 or more); None: give up."""
    return next(islice(pauses(first=first, longest=longest, within=within), attempts - 1, None), None)


def jittered(pause: float, chance: float) -> float:
    """The pause, up to a fifth longer or shorter; `chance` is in 0..1. Those that failed together come back apart."""
    return pause * (1 + SPREAD * (2 * chance - 1))
