"""`python -m benchmarks`: the table of all rows, then the table of promises.

Exit code 0 when everything was measured, whether or not every promise was kept: noise is not a failure.
"""

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import cores, native, race, specials, table, targets
from benchmarks.contestants import CONTESTANTS, Contestant
from benchmarks.stage import Stage

DEFAULT = race.Pace(rounds=3, seconds=1.5)
QUICK = race.Pace(rounds=1, seconds=0.5)


def read_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    keys = [contestant.key for contestant in CONTESTANTS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Fan-out of pricefeed and its peers.")
    parser.add_argument("--only", help=f"rows to measure, by comma: {','.join(keys)}")
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--seconds", type=float, help=f"of a round (default {DEFAULT.seconds})")
    parser.add_argument("--rounds", type=int, help=f"of each measurement (default {DEFAULT.rounds})")
    parser.add_argument("--quick", action="store_true", help="one short round of each, to see that it runs")
    parser.add_argument("--rows-only", action="store_true", help="leave out the promises measured by themselves")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there too")
    arguments = parser.parse_args(argv)
    unknown = set((arguments.only or "").split(",")) - {"", *keys}
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))} (there are {', '.join(keys)})")
    return arguments


def chosen(only: str | None) -> list[Contestant]:
    wanted = only.split(",") if only else [contestant.key for contestant in CONTESTANTS]
    return [contestant for contestant in CONTESTANTS if contestant.key in wanted]


def chosen_pace(arguments: argparse.Namespace) -> race.Pace:
    default = QUICK if arguments.quick else DEFAULT
    return race.Pace(arguments.rounds or default.rounds, arguments.seconds or default.seconds)


def say(text: str) -> None:
    """Progress, out of the way of the table."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


@dataclass(frozen=True, slots=True)
class Results:
    entries: list[race.Entry]
    promises: list[targets.Target]

    @property
    def limit(self) -> race.Entry | None:
        return next((entry for entry in self.entries if entry.contestant.key == "limit"), None)


def measure(arguments: argparse.Namespace, folder: Path) -> Results:
    stage = Stage(folder, native.build(folder), cores.choose(), arguments.clients)
    pace = chosen_pace(arguments)
    try:
        entries = race.run(stage, chosen(arguments.only), pace, say=say)
        promises = targets.of_race(entries)
        if not arguments.rows_only and not arguments.only:
            promises += specials.measure(stage, pace, say=say)
    finally:
        stage.close()
        say("")
    return Results(entries, promises)


def main() -> int:
    arguments = read_arguments()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(1))  # the servers are ended on the way out
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="pricefeed-bench-") as folder:
            results = measure(arguments, Path(folder))
    except native.NoCompiler as error:
        print(error, file=sys.stderr)
        return 1
    print(heading(arguments))
    print(table.race_table(results.entries, results.limit), table.target_table(results.promises), sep="\n\n")
    print(f"\n{time.monotonic() - began:.0f} s")
    if arguments.json:
        write_json(arguments.json, results)
    return 0


def heading(arguments: argparse.Namespace) -> str:
    used = cores.choose()
    pace = chosen_pace(arguments)
    return (
        f"{arguments.clients} clients, server on core {sorted(used.server)}, everything else on {sorted(used.others)};"
        f" median of {pace.rounds} rounds of {pace.seconds:g} s; latency at {race.LOAD:.0%} of saturation\n"
    )


def write_json(path: Path, results: Results) -> None:
    rows = [table.describe(entry, results.limit) for entry in results.entries]
    kept = [
        {"name": promise.name, "value": promise.value, "bound": promise.bound, "reached": promise.reached}
        for promise in results.promises
    ]
    path.write_text(json.dumps({"rows": rows, "targets": kept}, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
