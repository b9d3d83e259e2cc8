"""The promises that are not in the table of rows, each measured by itself once the rows are done."""

from collections.abc import Callable, Iterator

from benchmarks import crowd, page, pressure
from benchmarks.program import DidNotStart
from benchmarks.race import Pace, Say
from benchmarks.server import Unavailable
from benchmarks.stage import Stage
from benchmarks.targets import Target

INGEST = "feed ingest: parse, order check, conflation"


def ingest(stage: Stage) -> list[Target]:
    program = stage.start_module("benchmarks.ingest", serving=True)
    rate = program.answer()["frames_per_second"]
    stage.stop(program)
    return [Target(INGEST, rate, 20_000, "frames/s")]


def measure(stage: Stage, pace: Pace, *, say: Say) -> list[Target]:
    """All of them; where one cannot be measured here, the reason."""
    parts: dict[str, Callable[[], list[Target]]] = {
        "wide frames, overload, stalled readers, own symbols": lambda: pressure.targets(stage, pace),
        "thousands of clients": lambda: crowd.targets(stage),
        "feed ingest": lambda: ingest(stage),
        "page of 500 symbols": lambda: page.targets(stage),
    }
    return [target for name, part in parts.items() for target in _measured(stage, name, part, say)]


def _measured(stage: Stage, name: str, part: Callable[[], list[Target]], say: Say) -> Iterator[Target]:
    say(f"measure   {name}")
    try:
        yield from part()
    except (Unavailable, DidNotStart) as reason:
        yield Target(name, None, 0, why=str(reason))
    finally:
        stage.close()
