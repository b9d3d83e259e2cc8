"""`manage.py simulate`: the simulated exchange on a local port."""

import argparse
import asyncio
import os
import signal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from market.simulator import Faults, Simulator, Terms
from market.simulator.instrument import PRICED_MS


class Command(BaseCommand):
    """Arguments and signals only; the exchange is `market.simulator`."""

    help = "Run an exchange simulator that speaks Binance's WebSocket and REST protocol."
    requires_system_checks = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument("--port", type=_port, default=9001, help="0 picks a free one (default: 9001)")
        parser.add_argument(
            "--symbols",
            type=_symbols,
            metavar="N|A,B,C",
            help="how many symbols, or which ones (default: 20 known ones)",
        )
        parser.add_argument(
            "--rate", type=_not_negative, default=1.0, help="tickers per second and symbol (default: 1)"
        )
        parser.add_argument(
            "--trades", type=_positive, default=5, help="trades and book changes per ticker (default: 5)"
        )
        parser.add_argument("--seed", type=int, default=1, help="same seed and time, same prices (default: 1)")
        _add_replay(parser)
        _add_terms(parser)
        parser.add_argument(
            "--fault",
            action="append",
            default=[],
            metavar="NAME[=VALUE]",
            help="switch a fault on, e.g. stall, close_after=30, silent=BTCUSDT; may be repeated",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["replay"] and options["symbols"] is not None:
            raise CommandError("--symbols and --replay exclude each other: a recording has its own symbols")
        try:
            exchange = _exchange(options)
        except (ValueError, OSError) as error:
            raise CommandError(str(error)) from error
        asyncio.run(self._serve(exchange))

    async def _serve(self, exchange: Simulator) -> None:
        """Serve until SIGINT or SIGTERM."""
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopped.set)
        try:
            await exchange.start()
        except OSError as error:
            address = f"{exchange.host}:{exchange.port}"
            raise CommandError(f"cannot listen on {address}: {_reason(error)}") from error
        try:
            self.stdout.write(f"Exchange simulator: {exchange.stream_url} and {exchange.rest_url}")
            self.stdout.flush()
            await stopped.wait()
        finally:
            await exchange.stop()


def _add_replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--replay", type=Path, metavar="PATH", help="play a recording: a file (.jsonl, .jsonl.gz) or a folder of them"
    )
    parser.add_argument(
        "--speed",
        type=_not_negative,
        default=1.0,
        help="times the recorded pace; 0: as fast as the socket takes it (default: 1)",
    )
    parser.add_argument(
        "--loop", action="store_true", help="begin the recording again at its end, with ids and times that go on"
    )


def _add_terms(parser: argparse.ArgumentParser) -> None:
    usual = Terms()
    for name, words in (
        ("ping_interval", "seconds between the server's pings"),
        ("pong_timeout", "seconds a client has to answer one"),
        ("lifetime", "seconds a connection may live"),
    ):
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=_not_negative,
            default=getattr(usual, name),
            help=f"{words} (default: %(default)g)",
        )
    parser.add_argument("--error-shape", choices=("nested", "flat"), default=usual.error_shape)


def _exchange(options: dict[str, Any]) -> Simulator:
    return Simulator(
        seed=options["seed"],
        symbols=options["symbols"],
        rate=options["rate"],
        trades=options["trades"],
        host=options["host"],
        port=options["port"],
        replay=options["replay"],
        speed=options["speed"],
        loop=options["loop"],
        terms=Terms(
            ping_interval=options["ping_interval"],
            pong_timeout=options["pong_timeout"],
            lifetime=options["lifetime"],
            error_shape=options["error_shape"],
        ),
        faults=Faults.parse(options["fault"]),
        anchor_ms=PRICED_MS,
    )


def _reason(error: OSError) -> str:
    """The system's own word for it; name look-ups have no positive number."""
    return os.strerror(error.errno).lower() if error.errno and error.errno > 0 else str(error)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"not a port: {text!r}")
    return int(text)


def _symbols(text: str) -> int | tuple[str, ...]:
    if text.isascii() and text.isdigit():
        return _positive(text)
    return tuple(symbol.strip().upper() for symbol in text.split(","))


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"not a positive whole number: {text!r}")
    return int(text)


def _not_negative(text: str) -> float:
    """Also refuses `nan` and `inf`, which `float` reads."""
    try:
        number = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not a number: {text!r}") from error
    if not 0 <= number < 1e9:
        raise argparse.ArgumentTypeError(f"not a number of 0 or more: {text!r}")
    return number
