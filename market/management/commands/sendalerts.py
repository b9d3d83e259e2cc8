"""`manage.py sendalerts`: deliver alerts by e-mail, webhook and apprise. Any number of processes share the work."""

import signal
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from market import outbox
from market.dispatch import Dispatcher
from market.feed_guard import SILENT, FeedGuard
from market.management.arguments import positive
from market.outbox import Terms

# What is being sent at the end gets so many seconds to end well; else it is sent again by the next process.
FAREWELL = 3.0


class Command(BaseCommand):
    """Arguments and signals only. Ends with 0 on SIGTERM and SIGINT."""

    help = "Deliver alerts to their recipients. Several of these share the work; `serve` without Redis does it too."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--lease",
            type=positive,
            default=30,
            metavar="SECONDS",
            help="how long others wait for a process that died (default: %(default)s)",
        )
        parser.add_argument(
            "--feed-silence",
            type=positive,
            default=int(SILENT),
            metavar="SECONDS",
            help="without a sign of life of the feed, until staff are told that it is dead (default: %(default)s)",
        )
        parser.add_argument(
            "--check", action="store_true", help="send nothing; fail if an alert has been due for a minute"
        )

    def handle(self, **options: Any) -> None:
        if options["check"]:
            self._check()
            return
        terms, guard = Terms(lease=timedelta(seconds=options["lease"])), FeedGuard(silent=options["feed_silence"])
        dispatcher = Dispatcher(terms=terms, guard=guard)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: dispatcher.stop())
        self.stdout.write("Delivering alerts   (Ctrl-C to stop)")
        self.stdout.flush()
        dispatcher.run()
        dispatcher.wait_idle(FAREWELL)

    def _check(self) -> None:
        if unsent := outbox.unsent():
            raise CommandError(str(unsent))
        self.stdout.write("No alert waits.")
