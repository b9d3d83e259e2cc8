"""The load generator: clients of one server, and what they counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.exchange import Exchange
from benchmarks.program import DidNotStart
from benchmarks.stage import Stage


@dataclass(frozen=True, slots=True)
class Connected:
    """Seconds until the last handshake, and until the last client had its snapshot."""

    clients: int
    handshaken_s: float
    ready_s: float


@dataclass(frozen=True, slots=True)
class Count:
    """What arrived in `seconds`. Times in ms; `age_ms`: the oldest that any client's newest price became."""

    seconds: float
    open: int
    messages: int
    updates: int
    p50_ms: float
    p99_ms: float
    age_ms: float

    @property
    def messages_per_second(self) -> float:
        return self.messages / self.seconds

    @property
    def updates_per_second(self) -> float:
        return self.updates / self.seconds


class Readers:
    """Client i asks for paths[i % len(paths)]; the first `stalled` never read. `alerts`: those are counted, not prices.

    The latency of an alert is from the exchange time of its tick, which is in whole milliseconds.
    """

    def __init__(
        self,
        stage: Stage,
        *,
        port: int,
        paths: Sequence[str],
        clients: int,
        sse: bool = False,
        exchange: Exchange | None = None,
        ready_updates: int = 0,
        stalled: int = 0,
        trickling: int = 0,
        alerts: bool = False,
    ) -> None:
        listing = stage.path("paths.txt")
        listing.write_text("\n".join(paths))
        argv: list[str | Path] = [stage.native.readers, "--port", str(port), "--paths", listing]
        argv += ["--sse"] if sse else []
        argv += ["--acks", exchange.acks] if exchange else []
        argv += ["--clients", str(clients), "--threads", str(min(clients, stage.cores.readers))]
        argv += ["--ready-updates", str(ready_updates)]
        argv += ["--stalled", str(stalled), "--trickling", str(trickling)]
        argv += ["--needle", '"kind":"price"', "--dated"] if alerts else []
        self.program = stage.start("readers", argv)

    def connect(self) -> Connected:
        answer = self.program.ask("connect", seconds=90)
        if answer["failed"] or answer["missing"]:
            raise DidNotStart(f"of {answer['clients']} clients {answer} : {self.program.last_words()}")
        return Connected(answer["clients"], answer["handshaken_s"], answer["ready_s"])

    def reset(self) -> None:
        self.program.ask("reset")

    def count(self) -> Count:
        answer = self.program.ask("report")
        return Count(
            seconds=answer["seconds"],
            open=answer["open"],
            messages=answer["messages"],
            updates=answer["updates"],
            p50_ms=answer["p50_us"] / 1000,
            p99_ms=answer["p99_us"] / 1000,
            age_ms=answer["age_max_us"] / 1000,
        )
