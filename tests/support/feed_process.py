"""`runfeed` in a process of its own, on a Redis and a simulated exchange of the test's own."""

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from market.simulator import Simulator
from tests.support.live import LiveProcess, run_command
from tests.support.services import RedisServer

PREPARE = (
    "from django.core.management import call_command;"
    "from market.defaults import create_default_symbols;"
    "call_command('migrate', verbosity=0);"
    "create_default_symbols()"
)


def environment(redis: RedisServer, exchange: Simulator, folder: Path) -> dict[str, str]:
    """What tells a process of pricefeed to use them. `folder` is for its database."""
    return {
        "REDIS_URL": redis.url,
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "SECRET_KEY": "of this test only, and long enough for the checks of a deployment",
        "BINANCE_STREAM_URL": exchange.stream_url,
        "BINANCE_REST_URL": exchange.rest_url,
    }


@asynccontextmanager
async def feed_process(
    redis: RedisServer, exchange: Simulator, folder: Path, *arguments: str
) -> AsyncIterator[LiveProcess]:
    """A feed of the default symbols, with these arguments; ended with the block.

    The exchange may live in this loop: nothing here blocks.
    """
    env = environment(redis, exchange, folder)
    await asyncio.to_thread(run_command, "shell", "-c", PREPARE, env=env, var_dir=folder)
    process = LiveProcess("runfeed", *arguments, env=env, var_dir=folder)
    process.start()
    try:
        yield process
    finally:
        await asyncio.to_thread(process.__exit__)


def resident_bytes(pid: int) -> int:
    """Memory of a process that is in use now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()
