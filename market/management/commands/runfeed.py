"""`manage.py runfeed`: listen to the exchange and publish its prices to every web process."""

import asyncio
import signal
from argparse import ArgumentParser
from typing import Any

import uvloop
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from market.core.messages import LIVE
from market.exchanges.base import MODES
from market.feed import Feed, feed_from_settings
from market.management.ending import end_within

SHOWN = ("binance", "simulator", "replay")
# A feed that is not live so many seconds after its start says why.
PATIENCE = 3.0


class Command(BaseCommand):
    help = "Listen to the exchange and publish its prices to the web processes, through Redis. Run one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--stream-url", default="", help="instead of BINANCE_STREAM_URL")
        parser.add_argument("--rest-url", default="", help="instead of BINANCE_REST_URL")
        parser.add_argument("--source", default="", choices=SHOWN, help="what clients are told")
        parser.add_argument("--streams", default="", choices=MODES, help="instead of FEED_STREAMS")

    def handle(self, **options: Any) -> None:
        if not settings.REDIS_URL:
            raise CommandError("REDIS_URL is not set, so nobody would hear the feed; `serve` runs web and feed in one.")
        feed = feed_from_settings(
            stream_url=options["stream_url"],
            rest_url=options["rest_url"],
            source=options["source"],
            mode=options["streams"],
        )
        self.stdout.write(f"Prices of {feed.options.source} from {feed.options.stream_url}")
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._feed(feed))

    async def _feed(self, feed: Feed) -> None:
        """Until SIGTERM or SIGINT. A crash of the feed goes through."""
        loop = asyncio.get_running_loop()
        running = asyncio.create_task(feed.run())
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, _end, running)
        hint = asyncio.create_task(self._say_why_not_live(feed))
        await asyncio.wait([running])
        hint.cancel()
        if not running.cancelled():
            running.result()

    async def _say_why_not_live(self, feed: Feed) -> None:
        await asyncio.sleep(PATIENCE)
        if feed.judgement.feed != LIVE:
            self.stdout.write(f"No prices yet: {feed.judgement.reason}. The feed keeps trying; see `make demo`.")


def _end(running: asyncio.Task[None]) -> None:
    running.cancel()
    end_within()
