"""`manage.py runfeed`: listen to the exchange and publish its prices to every web process."""

import asyncio
import signal
from argparse import ArgumentParser
from typing import Any

import uvloop
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from market import metrics
from market.core.messages import LIVE
from market.exchanges.base import MODES
from market.feed import Feed, feed_from_settings
from market.feed_metrics import expose_feed
from market.management.arguments import add_recording, port_number, recording
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
        add_recording(parser)
        parser.add_argument("--metrics-port", type=port_number, help="serve /metrics on it, for Prometheus")
        parser.add_argument("--metrics-host", default="127.0.0.1", help="address for that (default: %(default)s)")

    def handle(self, **options: Any) -> None:
        if not settings.REDIS_URL:
            raise CommandError("REDIS_URL is not set, so nobody would hear the feed; `serve` runs web and feed in one.")
        feed = feed_from_settings(
            stream_url=options["stream_url"],
            rest_url=options["rest_url"],
            source=options["source"],
            mode=options["streams"],
            record=recording(options),
        )
        self.stdout.write(f"Prices of {feed.options.source} from {feed.options.stream_url}")
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._feed(feed, options["metrics_host"], options["metrics_port"]))

    async def _feed(self, feed: Feed, host: str, port: int | None) -> None:
        """Until SIGTERM or SIGINT. A crash of the feed goes through."""
        if port is not None:
            self._serve_metrics(feed, host, port)
        loop = asyncio.get_running_loop()
        running = asyncio.create_task(feed.run())
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, _end, running)
        hint = asyncio.create_task(self._say_why_not_live(feed))
        await asyncio.wait([running])
        hint.cancel()
        if not running.cancelled():
            running.result()

    def _serve_metrics(self, feed: Feed, host: str, port: int) -> None:
        expose_feed(feed)
        try:
            server, _ = metrics.serve(host, port)
        except OSError as error:
            raise CommandError(f"cannot serve metrics on {host}:{port}: {error.strerror or error}") from error
        self.stdout.write(f"Metrics on http://{host}:{server.server_port}/metrics")

    async def _say_why_not_live(self, feed: Feed) -> None:
        await asyncio.sleep(PATIENCE)
        if feed.judgement.feed != LIVE:
            self.stdout.write(f"No prices yet: {feed.judgement.reason}. The feed keeps trying; see `make demo`.")


def _end(running: asyncio.Task[None]) -> None:
    running.cancel()
    end_within()
