"""The menu of faults: attributes that a test, or `--fault` on the command line, switches at run time."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields

from websockets.frames import EXTERNAL_CLOSE_CODES

from market.simulator.malformed import chosen


@dataclass(slots=True)
class Faults:
    """Switched off (false, None, empty) at first. Times are in seconds unless the name says ms.

    Connections: `stall` data stops, pings go on; `half_open` nothing is read or written any more and new
    handshakes hang, TCP stays; `close_after` seconds a connection lives, closed with `close_code` (0: TCP is
    cut without a close frame); `accept_then_close` with this code (0: cut); `shutdown` seconds until a
    connection is told `serverShutdown`, then closed `shutdown_grace` later.
    HTTP: `http_status` refuses the handshake and `rest_status` each REST call, both with `retry_after`.
    Data: `malformed` one kind of `market.simulator.malformed` or `all`; `burst` extra updates of one symbol
    with each of its tickers; `out_of_order` repeats the previous message after each; `duplicate` sends each
    twice; `clock_skew` ms added to the exchange's clock; `silent` symbols that send nothing; `halted`
    symbols with status BREAK.
    """

    stall: bool = False
    half_open: bool = False
    close_after: float | None = None
    close_code: int = 1001
    accept_then_close: int | None = None
    shutdown: float | None = None
    shutdown_grace: float = 5.0
    http_status: int | None = None
    rest_status: int | None = None
    retry_after: int | None = None
    malformed: str | None = None
    burst: int = 0
    out_of_order: bool = False
    duplicate: bool = False
    clock_skew: int = 0
    silent: set[str] = field(default_factory=set)
    halted: set[str] = field(default_factory=set)

    def clear(self) -> None:
        """Switch every fault off."""
        healthy = Faults()
        for item in fields(self):
            setattr(self, item.name, getattr(healthy, item.name))

    @classmethod
    def parse(cls, options: Iterable[str]) -> "Faults":
        """Faults from `NAME` or `NAME=VALUE` words, e.g. `stall`, `close_after=30`, `silent=BTCUSDT,ETHUSDT`.

        Raises ValueError naming the word.
        """
        faults = cls()
        for option in options:
            name, _, value = option.partition("=")
            faults._switch(name.replace("-", "_"), value)
        return faults

    def _switch(self, name: str, value: str) -> None:
        if name not in {item.name for item in fields(self)}:
            raise ValueError(f"unknown fault {name!r}; known: {', '.join(item.name for item in fields(self))}")
        setattr(self, name, _READERS.get(name, _number)(name, value))


def _flag(name: str, value: str) -> bool:
    if value.lower() not in ("", "1", "true", "on"):
        raise ValueError(f"fault {name} takes no value, got {value!r}")
    return True


def _symbols(name: str, value: str) -> set[str]:
    if not value:
        raise ValueError(f"fault {name} needs symbols, e.g. {name}=BTCUSDT,ETHUSDT")
    return {symbol.upper() for symbol in value.split(",")}


def _kind(name: str, value: str) -> str:
    chosen(value or "all")
    return value or "all"


def _status(name: str, value: str) -> int:
    status = _number(name, value)
    if not 400 <= status <= 599:
        raise ValueError(f"fault {name} needs an HTTP status from 400 to 599, got {value!r}")
    return status


def _close_code(name: str, value: str) -> int:
    code = _number(name, value)
    if code and code not in EXTERNAL_CLOSE_CODES and not 3000 <= code <= 4999:
        raise ValueError(f"fault {name} needs a close code that may be sent, or 0, got {value!r}")
    return code


def _seconds(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise ValueError(f"fault {name} needs seconds, got {value!r}") from error


def _number(name: str, value: str) -> int:
    try:
        return int(value)
    except ValueError as error:
        raise ValueError(f"fault {name} needs a whole number, got {value!r}") from error


_READERS = {
    "stall": _flag,
    "half_open": _flag,
    "out_of_order": _flag,
    "duplicate": _flag,
    "silent": _symbols,
    "halted": _symbols,
    "malformed": _kind,
    "http_status": _status,
    "rest_status": _status,
    "close_code": _close_code,
    "accept_then_close": _close_code,
    "close_after": _seconds,
    "shutdown": _seconds,
    "shutdown_grace": _seconds,
}
