"""The benchmark's exchange: Binance tickers at a chosen pace, each carrying the time it was sent."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.stage import Stage


class Exchange:
    """`acks` is the file in which the clients say what they have; one exchange serves one server."""

    def __init__(self, stage: Stage, *, symbols: Sequence[str]) -> None:
        names = stage.path("symbols.txt")
        names.write_text("\n".join(symbols))
        self.symbols = tuple(symbols)
        self.acks: Path = stage.path("acks")
        self.program = stage.start("exchange", [stage.native.exchange, "--symbols", names, "--acks", self.acks])
        self.port = int(self.program.answer()["port"])

    def change(self, per_burst: int) -> None:
        """So many of the symbols, from the first, change in each burst."""
        self.program.ask(f"symbols {per_burst}")

    def send_at(self, bursts_per_second: float) -> None:
        """Open loop: that many, whether or not anybody keeps up."""
        self.program.ask(f"rate {bursts_per_second:.3f}")

    def send_all_that_arrives(self, most: int) -> None:
        """Closed loop: the next burst when nearly all before it are with every client, `most` on their way."""
        self.program.ask(f"window {most}")

    def connections(self) -> int:
        return int(self.program.ask("report")["connections"])
