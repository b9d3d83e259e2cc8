"""The promises that are not in the table of rows, each measured by itself once the rows are done."""

from collections.abc import Callable, Iterator

from benchmarks import candles, crowd, frames, judged, page, pressure, told
from benchmarks.program import DidNotStart
from benchmarks.race import Pace, Say
from benchmarks.server import Unavailable
from benchmarks.stage import Stage
from benchmarks.targets import Target

INGEST = "feed ingest: parse, order check, conflation"
RULES = "alerts: order check and 100,000 rules on 500 symbols"
RULES_LOADED = "alerts: 100,000 rules loaded and compared with a first tick"

ALERTS_SECONDS = 180.0  # until that program has its answer, on a busy machine


def ingest(stage: Stage) -> list[Target]:
    program = stage.start_module("benchmarks.ingest", serving=True)
    rate = program.answer()["frames_per_second"]
    stage.stop(program)
    return [Target(INGEST, rate, 20_000, "frames/s")]


def alerts(stage: Stage) -> list[Target]:
    program = stage.start_module("benchmarks.alerts", serving=True)
    numbers = program.answer(seconds=ALERTS_SECONDS)
    stage.stop(program)
    return [
        Target(RULES, numbers["ticks_per_second"], 20_000, "ticks/s"),
        Target(RULES_LOADED, numbers["load_seconds"], 5, "s", most=True),
    ]


def measure(stage: Stage, pace: Pace, *, say: Say) -> list[Target]:
    """All of them; where one cannot be measured here, the reason."""
    parts: dict[str, Callable[[], list[Target]]] = {
        "wide frames, overload, stalled readers, own symbols": lambda: pressure.targets(stage, pace),
        "thousands of clients": lambda: crowd.targets(stage),
        "feed ingest": lambda: ingest(stage),
        "alert rules": lambda: alerts(stage),
        "prices beside alert rules": lambda: judged.targets(stage, pace),
        "alerts to clients and to a webhook": lambda: told.targets(stage),
        "candles at five million rows": lambda: candles.targets(stage),
        "page of 500 symbols": lambda: page.targets(stage),
        "frames of 500 rows in Chromium": lambda: frames.targets(stage),
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
