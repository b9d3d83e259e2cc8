"""pricefeed as in production: `runfeed` and Redis on the other cores, `serve --no-feed` on the server's core."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, urlencode

from benchmarks.exchange import Exchange
from benchmarks.program import free_port
from benchmarks.server import Server, Unavailable
from benchmarks.stage import CHECKOUT, Stage

# Each change leaves at once: the latency measured is that of the path, not of a window chosen by the operator.
NO_WINDOW_MS = 0


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


def launch(stage: Stage, exchange: Exchange, *, window_ms: int = NO_WINDOW_MS) -> Server:
    """The web process is what is measured; the feed reaches it through a Redis of its own."""
    if not shutil.which("redis-server"):
        raise Unavailable("no redis-server here (Debian: apt install redis-server)")
    env = environment(stage, exchange, window_ms=window_ms)
    env["REDIS_URL"] = stage.start_redis()
    port = free_port()
    manage: list[str | Path] = [sys.executable, CHECKOUT / "manage.py"]
    serve: list[str | Path] = [*manage, "serve", "--no-feed", "--port", str(port)]
    program = stage.start("serve", serve, serving=True, env=env, asked=False)
    stage.start("runfeed", [*manage, "runfeed"], env=env, asked=False)
    program.wait_listening(port)
    return Server(program, port)
