"""`manage.py backfillcandles BTCUSDT --from 2025-01-01`: load candles from the exchange, as far back as it has them."""

import asyncio
import signal
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from typing import Any, NoReturn

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError
from tqdm import tqdm

from market import history
from market.candle_writer import in_thread
from market.core.interval import MINUTE_MS, Interval
from market.core.messages import DEFAULT_EXCHANGE
from market.core.symbol import BadSymbol, read_symbol
from market.exchanges.base import Refused, UnknownSymbol, Unreachable
from market.exchanges.rest import Rest
from market.feed_options import source_of
from market.history import Span
from market.loader import Loader

TRIES = 5  # in a row, of an exchange that does not answer
PAUSES = (1.0, 30.0)  # seconds between them, doubled
INTERRUPTED = 130


class Command(BaseCommand):
    """Arguments, progress and words; the work is Loader's. Run again, it goes on where it stopped."""

    help = "Load one-minute candles from the exchange. Can be stopped at any time and goes on from there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("symbols", nargs="+", metavar="SYMBOL", help="for example BTCUSDT")
        parser.add_argument(
            "--from", dest="start", type=_moment, required=True, metavar="DATE", help="2025-01-01, from midnight UTC"
        )
        parser.add_argument("--to", dest="end", type=_moment, metavar="DATE", help="up to this midnight (default: now)")
        parser.add_argument("--rest-url", default="", help="instead of BINANCE_REST_URL")

    def handle(self, **options: Any) -> None:
        signal.signal(signal.SIGTERM, _interrupt)
        url = options["rest_url"] or settings.BINANCE_REST_URL
        try:
            symbols = [read_symbol(text) for text in options["symbols"]]
            source = source_of(url, settings.PRICE_SOURCE)
        except (BadSymbol, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from error
        self._say_what_is_kept(options["start"])
        loader = Loader(Rest(DEFAULT_EXCHANGE, url), DEFAULT_EXCHANGE, source)
        try:
            asyncio.run(self._load(loader, symbols, options["start"], options["end"]))
        except KeyboardInterrupt:
            self.stderr.write("Stopped. What was loaded is kept; the same command goes on from there.")
            raise SystemExit(INTERRUPTED) from None
        except DatabaseError as error:
            raise CommandError(f"the database does not answer: {str(error).strip()}") from error

    async def _load(self, loader: Loader, symbols: list[str], start: datetime, end: datetime | None) -> None:
        async with loader.rest.kept_open():
            for symbol in symbols:
                await self._know(loader, symbol)
            span = (_ms(start), loader.newest_ms() if end is None else min(_ms(end), loader.newest_ms()))
            if span[0] >= span[1]:
                raise CommandError(f"nothing lies between {start:%Y-%m-%d %H:%M} and {_text(span[1])} UTC")
            for symbol in symbols:
                await self._load_symbol(loader, symbol, span)

    async def _know(self, loader: Loader, symbol: str) -> None:
        """Before hours of work: whether there is such a symbol, and an exchange."""
        try:
            await loader.rest.symbol(symbol)
        except UnknownSymbol as error:
            raise CommandError(f"the exchange does not list {symbol}: {error.reason}") from error
        except (Refused, Unreachable) as error:
            raise CommandError(f"the exchange does not answer: {error.reason}") from error

    async def _load_symbol(self, loader: Loader, symbol: str, span: Span) -> None:
        key = loader.key(symbol)
        await in_thread(history.forget_marks, *key, loader.source, start_ms=span[0], end_ms=span[1])
        wanted = _minutes(await loader.missing(symbol, *span))
        with tqdm(total=wanted, desc=symbol, unit=" min", unit_scale=True, disable=not wanted) as bar:
            tries = 0
            while missing := await loader.missing(symbol, *span):
                before = bar.n
                try:
                    await loader.load(symbol, missing, on_minutes=bar.update)
                    break
                except Refused as error:
                    wait = max(error.retry_after or 0.0, PAUSES[0])
                except Unreachable as error:
                    tries = 1 if bar.n > before else tries + 1
                    if tries > TRIES:
                        raise CommandError(
                            f"the exchange does not answer: {error.reason}; run again to go on"
                        ) from error
                    wait = min(PAUSES[0] * 2**tries, PAUSES[1])
                bar.set_postfix_str(f"the exchange makes us wait {wait:.0f} s")
                await asyncio.sleep(wait)
                bar.set_postfix_str("")
        await self._say_result(loader, symbol, span)

    async def _say_result(self, loader: Loader, symbol: str, span: Span) -> None:
        gaps = await in_thread(history.marks, *loader.key(symbol), loader.source, start_ms=span[0], end_ms=span[1])
        lacking = _minutes([(max(gap.start_ms, span[0]), min(gap.end_ms, span[1])) for gap in gaps])
        words = f", {lacking:,} of them the exchange does not have" if lacking else ""
        whole = f"{_minutes([span]):,} minutes from {_text(span[0])} to {_text(span[1])} UTC"
        self.stdout.write(f"{symbol} ({loader.source}): {whole}{words}.")

    def _say_what_is_kept(self, start: datetime) -> None:
        days = settings.CANDLE_DAYS[Interval.M1.value]
        if days and (datetime.now(UTC) - start).days > days:
            self.stderr.write(
                f"Minutes are kept for {days} days (CANDLE_DAYS_1M); of what is older longer candles will stay."
            )


def _moment(text: str) -> datetime:
    """Midnight UTC of a date, so that the candles of its days are whole."""
    try:
        moment = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise ArgumentTypeError(f"not a date like 2025-01-31: {text!r}") from error
    if moment.year < 2010:
        raise ArgumentTypeError(f"no exchange is that old: {text!r}")
    return moment


def _ms(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000


def _text(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d %H:%M}"


def _minutes(spans: list[Span]) -> int:
    return sum(end - start for start, end in spans) // MINUTE_MS


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
