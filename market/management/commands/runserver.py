"""`manage.py runserver`: Daphne with the feed beside it, for development. `serve` is what people run."""

import argparse
import asyncio
import functools
from typing import Any

from daphne.management.commands.runserver import Command as DaphneCommand
from daphne.server import Server
from daphne.ws_protocol import WebSocketProtocol
from django.conf import settings

from market.management import prepare
from market.management.embedded import embedded

PING_SECONDS = 20
# Shorter than the interval: a second ping would overwrite the first while its timer runs on.
PONG_SECONDS = 15


class AnyCodeProtocol(WebSocketProtocol):  # type: ignore[misc]
    """autobahn lets an application close with 1000 and 3000 to 4999 only; policy and size have codes below that."""

    def serverClose(self, code: int | None = None) -> None:  # noqa: N802 (Daphne's name)
        self.sendCloseFrame(code=code or 1000, isReply=False)


class DevelopmentServer(Server):  # type: ignore[misc]
    """Daphne, and the feed from its start on: here, and nowhere else, its event loop is the one that will run."""

    def __init__(self, *args: Any, feed: bool, say: Any, **options: Any) -> None:
        super().__init__(*args, **options, **_limits(), ready_callable=self._begin)
        self._embedded = functools.partial(embedded, feed=feed, alerts=feed, demo=None, say=say)
        self._task: asyncio.Task[None] | None = None

    def _begin(self) -> None:
        self.ws_factory.protocol = AnyCodeProtocol
        self._task = asyncio.get_event_loop().create_task(self._beside())

    async def _beside(self) -> None:
        async with self._embedded():
            await asyncio.Event().wait()  # until Daphne's loop ends


class Command(DaphneCommand):  # type: ignore[misc]
    """With autoreload Django runs this twice; only the process that serves gets as far as the server."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--no-feed", action="store_false", dest="feed", help="web only")

    def inner_run(self, *args: Any, **options: Any) -> None:
        if not settings.REDIS_URL:
            prepare.prepare_database()
        feed = options["feed"] and not settings.REDIS_URL
        self.server_cls = functools.partial(DevelopmentServer, feed=feed, say=self.stdout.write)
        super().inner_run(*args, **options)


def _limits() -> dict[str, Any]:
    return {
        "ping_interval": PING_SECONDS,
        "ping_timeout": PONG_SECONDS,
        "websocket_timeout": -1,  # a day, and then it would close everybody with 1000
    }
