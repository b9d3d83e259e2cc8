"""pricefeed as in production: `runfeed` and Redis on the other cores, `serve --no-feed` on the server's core."""

import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, urlencode

from benchmarks.exchange import Exchange
from benchmarks.program import DidNotStart, Program, free_port
from benchmarks.server import Server, Unavailable
from benchmarks.stage import CHECKOUT, Stage

# Each change leaves at once: the latency measured is that of the path, not of a window chosen by the operator.
NO_WINDOW_MS = 0
RULES_SECONDS = 120.0  # to write 100,000 of them, and then to read them
LOOK_SECONDS, AT_REST = 2.0, 0.3


def socket_path(symbols: Sequence[str] = ()) -> str:
    return "/ws/prices" + _query(symbols)


def events_path(symbols: Sequence[str] = ()) -> str:
    return "/api/sse/prices" + _query(symbols)


def _query(symbols: Sequence[str]) -> str:
    return "?" + urlencode({"symbols": ",".join(symbols)}, safe=",", quote_via=quote) if symbols else ""


def environment(stage: Stage, exchange: Exchange, *, window_ms: int = NO_WINDOW_MS) -> dict[str, str]:
    """Settings of a fresh installation of its own, watching the exchange's symbols."""
    folder = stage.path("pricefeed")
    folder.mkdir()
    (folder / "symbols.txt").write_text("\n".join(exchange.symbols))
    env = {
        "VAR_DIR": str(folder),
        "SECRET_KEY": "a key for the benchmark only, of the length that Django wants to see",
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "BINANCE_STREAM_URL": f"ws://127.0.0.1:{exchange.port}",
        # Nobody answers there: symbols stay unverified, which the feed does not mind.
        "BINANCE_REST_URL": "http://127.0.0.1:9",
        "CONFLATION_MS": str(window_ms),
        "LOG_LEVEL": "WARNING",
    }
    prepared = stage.start_module("benchmarks.watchlist", str(folder / "symbols.txt"), env=env)
    prepared.answer()
    return env


def launch(stage: Stage, exchange: Exchange, *, window_ms: int = NO_WINDOW_MS, rules: int = 0) -> Server:
    """The web process is what is measured; the feed, which judges `rules`, reaches it through a Redis of its own."""
    if not shutil.which("redis-server"):
        raise Unavailable("no redis-server here (Debian: apt install redis-server)")
    env = environment(stage, exchange, window_ms=window_ms)
    if rules:
        stage.start_module("benchmarks.rulebook", str(rules), env=env).answer(seconds=RULES_SECONDS)
    server, feed = start(stage, env)
    if rules:
        _wait_at_rest(feed)
    return server


def start(stage: Stage, env: dict[str, str]) -> tuple[Server, Program]:
    """Web process and feed, with a Redis of their own, which is put into `env`."""
    env["REDIS_URL"] = stage.start_redis()
    port = free_port()
    program = manage(stage, env, "serve", "--no-feed", "--port", str(port), serving=True)
    feed = manage(stage, env, "runfeed")
    program.wait_listening(port)
    return Server(program, port), feed


def manage(stage: Stage, env: dict[str, str], command: str, *arguments: str, serving: bool = False) -> Program:
    """A management command that runs until the end."""
    argv: list[str | Path] = [sys.executable, CHECKOUT / "manage.py", command, *arguments]
    return stage.start(command, argv, serving=serving, env=env, asked=False)


def _wait_at_rest(feed: Program) -> None:
    """Until it has read all its rules, which shows by nothing but that it works no longer."""
    deadline = time.monotonic() + RULES_SECONDS
    while time.monotonic() < deadline:
        used = feed.cpu_seconds()
        time.sleep(LOOK_SECONDS)
        if used > LOOK_SECONDS and feed.cpu_seconds() - used < AT_REST * LOOK_SECONDS:
            return
    raise DidNotStart(f"the feed is still busy with its rules after {RULES_SECONDS:g} s")
