"""Prepares pricefeed's database for a measurement: migrated, and watching exactly the given symbols.

python -m benchmarks.watchlist FILE     (a symbol per line; settings from the environment, as ever)
"""

import json
import os
import sys
from pathlib import Path

import django
from django.core.management import call_command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pricefeed.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    watch(Path(sys.argv[1]).read_text().split())
    print(json.dumps({"watched": True}), flush=True)


def watch(symbols: list[str]) -> None:
    from market.defaults import create_default_symbols
    from market.models import WatchedSymbol

    create_default_symbols()  # so that it does not happen later
    WatchedSymbol.objects.all().delete()
    WatchedSymbol.objects.bulk_create(
        WatchedSymbol(symbol=symbol, base=symbol.removesuffix("USDT"), quote="USDT", position=position)
        for position, symbol in enumerate(symbols)
    )


if __name__ == "__main__":
    main()
