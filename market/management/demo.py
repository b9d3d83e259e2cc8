"""The demonstration's own database: simulated prices never meet the real list of symbols or its history."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import transaction

from market.models import DEFAULT_EXCHANGE, WatchedSymbol
from market.simulator.instrument import Instrument

# What points a process at other processes; a demonstration is alone.
_SHARED = ("REDIS_URL", "DATABASE_URL")


def database_of(name: str) -> Path:
    """`demo`, `replay`: one SQLite file each, beside the real one."""
    return Path(settings.VAR_DIR) / f"{name}.sqlite3"


def is_in_use(database: Path) -> bool:
    return str(settings.DATABASES["default"]["NAME"]) == str(database) and not settings.REDIS_URL


def begin_again_with(database: Path) -> None:
    """This same command once more in this process, with `database` and without Redis. Does not return.

    Settings are read once, at the start, and so are all that hangs on them: layer, cache, connections.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _SHARED}
    environment["DATABASE_URL"] = f"sqlite:///{quote(str(database))}"
    environment["SECRET_KEY"] = settings.SECRET_KEY
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)


def watch_only(instruments: Iterable[Instrument]) -> None:
    """Make the board show exactly what the simulated exchange has."""
    with transaction.atomic():
        wanted = {instrument.symbol: instrument for instrument in instruments}
        rows = WatchedSymbol.objects.all()
        rows.exclude(symbol__in=wanted).update(enabled=False)
        rows.filter(symbol__in=wanted).update(enabled=True)
        known = set(rows.values_list("symbol", flat=True))
        new = (instrument for symbol, instrument in wanted.items() if symbol not in known)
        place = rows.next_position()
        WatchedSymbol.objects.bulk_create(_row(instrument, place + n) for n, instrument in enumerate(new))


def _row(instrument: Instrument, position: int) -> WatchedSymbol:
    return WatchedSymbol(
        exchange=DEFAULT_EXCHANGE,
        symbol=instrument.symbol,
        base=instrument.base,
        quote=instrument.quote,
        tick_size=instrument.tick,
        position=position,
    )
