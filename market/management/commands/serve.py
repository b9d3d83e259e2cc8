"""`manage.py serve`: the web part on uvicorn, and beside it the feed, in one process and one event loop."""

import argparse
import asyncio
import contextlib
import signal
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

import uvloop
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError

from market import durable
from market.defaults import create_default_symbols
from market.exchanges.recorder import RecordTo
from market.management import demo, prepare
from market.management.arguments import add_recording, not_negative, port_number, positive, recording
from market.management.embedded import Demo, embedded
from market.management.ending import end_within
from market.relay import current
from market.simulator import Recording
from market.simulator.instrument import listed
from pricefeed.server import Server, listening_socket


class Command(BaseCommand):
    """Arguments and signals only. Ends with 0 on Ctrl-C and SIGTERM, with 1 where it cannot start."""

    help = "Serve pages, API, WebSocket and SSE; without REDIS_URL also run the feed, in the same process."
    requires_system_checks = []  # they run once the address is ours

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument("--port", type=port_number, default=8000, help="0: a free one (default: 8000)")
        parser.add_argument("--fd", type=int, help="an open listening socket, instead of --host and --port")
        feed = parser.add_mutually_exclusive_group()
        feed.add_argument("--feed", action="store_true", default=None, help="the feed here, even with Redis")
        feed.add_argument("--no-feed", action="store_false", dest="feed", help="web only")
        alerts = parser.add_mutually_exclusive_group()
        alerts.add_argument("--alerts", action="store_true", default=None, help="send alerts here, even with Redis")
        alerts.add_argument("--no-alerts", action="store_false", dest="alerts", help="`sendalerts` does that")
        add_recording(parser)
        demo = parser.add_argument_group("demonstration, with a database of its own and no network")
        demo.add_argument("--demo", action="store_true", help="prices of a simulated exchange")
        demo.add_argument("--replay", type=Path, metavar="PATH", help="of a recording instead: a file, or a folder")
        demo.add_argument(
            "--speed", type=not_negative, default=1.0, help="times the recorded pace; 0: without pause (default: 1)"
        )
        demo.add_argument("--loop", action="store_true", help="begin the recording again at its end")
        demo.add_argument("--simulator-symbols", type=positive, metavar="N", help="watch so many symbols")
        demo.add_argument(
            "--simulator-rate",
            type=not_negative,
            default=1.0,
            metavar="R",
            help="tickers per second and symbol (default: 1)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, _leave)
        with contextlib.suppress(KeyboardInterrupt):
            wanted = _demo(options)
            sock = self._listen(options)
            if wanted is not None and not demo.is_in_use(database := _database(options)):
                sock.close() if options["fd"] is None else sock.detach()  # a given one is needed again
                demo.begin_again_with(database)
            self.check()
            self._prepare(wanted, alone=not settings.REDIS_URL)
            feed = options["feed"] if options["feed"] is not None else not settings.REDIS_URL
            alerts = options["alerts"] if options["alerts"] is not None else not settings.REDIS_URL
            if options["record"] is not None and not feed:
                raise CommandError("--record goes with the feed, which is not here")
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._serve(sock, feed=feed, alerts=alerts, wanted=wanted, record=recording(options)))

    def _listen(self, options: dict[str, Any]) -> socket.socket:
        """Before everything else: a second start must not touch what the first one uses."""
        host, port, fd = options["host"], options["port"], options["fd"]
        try:
            return listening_socket(host, port, fd)
        except OSError as error:
            place = f"{host}:{port}" if fd is None else f"file descriptor {fd}"
            self.stderr.write(f"Cannot listen on {place}: {(error.strerror or str(error)).lower()}.")
            sys.exit(1)

    def _prepare(self, wanted: Demo | None, *, alone: bool) -> None:
        if alone:
            self._install()
        else:
            self._add_default_symbols()
        if wanted is not None and wanted.replay is not None:
            demo.watch_only(wanted.replay.instruments())
        elif wanted is not None and wanted.symbols is not None:
            demo.watch_only(listed(wanted.symbols))

    def _install(self) -> None:
        try:
            prepare.prepare_database()
            login = prepare.create_first_admin()
        except DatabaseError as error:
            raise CommandError(f"the database does not answer: {str(error).strip()}") from error
        if login:
            name, password = login
            self.stdout.write(f"Admin login, shown only this once: {name} / {password}")
        prepare.collect_static_files()

    def _add_default_symbols(self) -> None:
        """Among other processes the database is somebody else's: it may be away, or not migrated yet."""
        try:
            create_default_symbols()
        except DatabaseError as error:
            self.stderr.write(f"The database does not answer yet: {str(error).strip()}")

    async def _serve(
        self, sock: socket.socket, *, feed: bool, alerts: bool, wanted: Demo | None, record: RecordTo | None
    ) -> None:
        from pricefeed.asgi import application

        server = Server(application, farewell=_say_farewell)
        async with embedded(feed=feed, alerts=alerts, demo=wanted, record=record, say=self._say):
            self._say(f"pricefeed {_kind(feed, wanted)} on {_address(sock)}   (Ctrl-C to stop)")
            await server.serve(sockets=[sock])
            end_within()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _demo(options: dict[str, Any]) -> Demo | None:
    """What to simulate, with a recording that was looked through. Raises CommandError."""
    symbols, rate, file = options["simulator_symbols"], options["simulator_rate"], options["replay"]
    if not options["demo"]:
        if file or symbols:
            raise CommandError("--replay and --simulator-symbols go with --demo")
        return None
    if options["feed"] is False:
        raise CommandError("--demo runs the feed: leave --no-feed out")
    if options["loop"] and not file:
        raise CommandError("--loop goes with --replay")
    replay = None if file is None else Recording(file)
    try:
        if replay is not None:
            replay.symbols()
    except (OSError, ValueError) as error:
        raise CommandError(f"cannot replay: {error}") from error
    return Demo(symbols=symbols, rate=rate, replay=replay, speed=options["speed"], loop=options["loop"])


def _database(options: dict[str, Any]) -> Path:
    """Each kind of demonstration has its own list of symbols."""
    if options["replay"]:
        return demo.database_of("replay")
    count = options["simulator_symbols"]
    return demo.database_of(f"demo-{count}" if count else "demo")


def _kind(feed: bool, wanted: Demo | None) -> str:
    if wanted is not None:
        return "REPLAY" if wanted.replay else "DEMO (simulated prices)"
    return "with its feed" if feed else "without a feed"


def _address(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    shown = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}/"


def _say_farewell() -> None:
    """End what would otherwise stay open: event streams and long polls. The server closes the sockets."""
    durable.events_app.close()
    current().hub.release()


def _leave(*_: object) -> NoReturn:
    sys.exit(0)
