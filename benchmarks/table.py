"""Results as text and as JSON."""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from benchmarks.race import Entry, ratio
from benchmarks.targets import Target

HEADINGS = (
    "",
    "deliveries/s",
    "of limit",
    "p50 ms",
    "p99 ms",
    "kB/conn",
    "connects/s",
    "updates/s of 16",
    "core",
    "waited",
)
BUSY = 0.85  # of its core: below, a server did not show what it can
TARGET_HEADINGS = ("", "measured", "target", "")


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Left-aligned first column, the rest to the right."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) if i else cell.ljust(width) for i, (cell, width) in enumerate(pairs)).rstrip()
        for pairs in (list(zip(row, widths, strict=True)) for row in rows)
    )


def describe(entry: Entry, limit: Entry | None) -> dict[str, Any]:
    """The numbers of a row, unrounded; only its name and the reason when there are none."""
    if not entry.wide:
        return {"row": entry.contestant.title, "missing": entry.missing}
    return {
        "row": entry.contestant.title,
        "deliveries_per_second": median(entry.deliveries),
        "of_limit": ratio(entry.deliveries, limit.deliveries) if limit and limit.saturated else None,
        "p50_ms": median(result.count.p50_ms for result in entry.loaded),
        "p99_ms": median(result.count.p99_ms for result in entry.loaded),
        "bytes_per_connection": entry.bytes_each,
        "connects_per_second": entry.connects_per_second,
        "updates_per_second_of_16": median(entry.updates),
        "core": median(result.core for result in entry.saturated),
        "waited": median(result.waited for result in entry.saturated),
        "lost_clients": max(_lost(entry)),
        "deliveries_by_round": [round(number) for number in entry.deliveries],
    }


def _lost(entry: Entry) -> list[int]:
    clients = entry.connected.clients if entry.connected else 0
    return [clients - result.count.open for result in (*entry.saturated, *entry.loaded, *entry.wide)]


def race_table(entries: Iterable[Entry], limit: Entry | None) -> str:
    rows: list[tuple[str, ...]] = [HEADINGS]
    notes = []
    for entry in entries:
        numbers = describe(entry, limit)
        if "missing" in numbers:
            notes.append(f"{entry.contestant.title}: left out, {entry.missing}")
            continue
        rows.append(_row(numbers))
        if numbers["core"] + numbers["waited"] < BUSY:
            notes.append(f"{entry.contestant.title}: not saturated, something before it was slower")
        if numbers["lost_clients"]:
            notes.append(f"{entry.contestant.title}: lost {numbers['lost_clients']} clients under load")
    return "\n".join([columns(rows), *notes])


def _row(numbers: dict[str, Any]) -> tuple[str, ...]:
    return (
        numbers["row"],
        f"{numbers['deliveries_per_second']:,.0f}",
        f"{numbers['of_limit']:.2f}" if numbers["of_limit"] else "-",
        f"{numbers['p50_ms']:.1f}",
        f"{numbers['p99_ms']:.1f}",
        f"{numbers['bytes_per_connection'] / 1000:.1f}",
        f"{numbers['connects_per_second']:,.0f}",
        f"{numbers['updates_per_second_of_16']:,.0f}",
        f"{numbers['core']:.0%}",
        f"{numbers['waited']:.0%}",
    )


def target_table(targets: Iterable[Target]) -> str:
    rows, notes = [TARGET_HEADINGS], []
    for target in targets:
        if target.why:
            notes.append(f"{target.name}: not measured, {target.why}")
        else:
            rows.append((target.name, target.measured, target.wanted, target.verdict))
    return "\n".join([columns(rows), *notes])
