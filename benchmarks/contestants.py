"""The rows of the table: how each server is started and what its clients ask for."""

import getpass
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from string import Template

from benchmarks import ours
from benchmarks.exchange import Exchange
from benchmarks.program import free_port
from benchmarks.server import Server, Unavailable
from benchmarks.stage import Stage

NCHAN_MODULES = (
    Path("/usr/lib/nginx/modules/ngx_nchan_module.so"),
    Path("/usr/lib64/nginx/modules/ngx_nchan_module.so"),
    Path("/etc/nginx/modules/ngx_nchan_module.so"),
)


@dataclass(frozen=True, slots=True)
class Contestant:
    """One row. `merges`: it has a feed that merges what cannot be delivered, and reconnects when it hears nothing."""

    key: str
    title: str
    path: str
    launch: Callable[[Stage, Exchange], Server]
    sse: bool = False
    merges: bool = False


def launch_limit(stage: Stage, exchange: Exchange) -> Server:
    argv: list[str | Path] = [stage.native.limit, "--exchange", str(exchange.port)]
    program = stage.start("limit", argv, serving=True)
    return Server(program, int(program.answer()["port"]))


def peer(name: str) -> Callable[[Stage, Exchange], Server]:
    """Starts benchmarks.peers.<name>, which tells its port."""

    def launch(stage: Stage, exchange: Exchange) -> Server:
        module = f"benchmarks.peers.{name}"
        program = stage.start_module(module, "--exchange", str(exchange.port), serving=True)
        return Server(program, int(program.answer()["port"]))

    return launch


def launch_channels(*options: str) -> Callable[[Stage, Exchange], Server]:
    """Stock Channels with the layer that deployments use; Redis on the other cores."""

    def launch(stage: Stage, exchange: Exchange) -> Server:
        if not shutil.which("redis-server"):
            raise Unavailable("no redis-server here (Debian: apt install redis-server)")
        arguments = ["--exchange", str(exchange.port), "--redis", stage.start_redis(), *options]
        program = stage.start_module("benchmarks.peers.channels_stock", *arguments, serving=True)
        return Server(program, int(program.answer()["port"]))

    return launch


def launch_nchan(stage: Stage, exchange: Exchange) -> Server:
    """nginx on the server's core; the bridge that publishes to it on the others."""
    module = next((path for path in NCHAN_MODULES if path.exists()), None)
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not nginx or not module:
        raise Unavailable("no nginx with nchan here (Debian: apt install nginx libnginx-mod-nchan)")
    port = free_port()
    folder = stage.path("nginx")
    folder.mkdir()
    template = Template((Path(__file__).parent / "peers" / "nginx.conf").read_text())
    config = folder / "nginx.conf"
    config.write_text(template.substitute(module=module, folder=folder, port=port, user=getpass.getuser()))
    program = stage.start("nginx", [nginx, "-p", folder, "-c", config], serving=True, asked=False)
    program.wait_listening(port)
    stage.start_module("benchmarks.peers.nchan_bridge", "--exchange", str(exchange.port), "--publish", str(port))
    return Server(program, port)


CONTESTANTS = (
    Contestant("limit", "limit: one send() per client (C)", "/", launch_limit),
    Contestant("ws", "pricefeed WebSocket", ours.socket_path(), ours.launch, merges=True),
    Contestant("sse", "pricefeed SSE", ours.events_path(), ours.launch, sse=True, merges=True),
    Contestant("nchan-ws", "nchan WebSocket (nginx)", "/ws", launch_nchan),
    Contestant("nchan-sse", "nchan EventSource (nginx)", "/sse", launch_nchan, sse=True),
    Contestant("fastapi", "FastAPI ConnectionManager, send_json", "/ws", peer("fastapi_manager")),
    Contestant("flask", "Flask, queue per client (gevent)", "/sse", peer("flask_queues"), sse=True),
    Contestant("sse-starlette", "sse-starlette", "/sse", peer("sse_starlette_app"), sse=True),
    Contestant("eventstream", "django-eventstream, stock", "/sse", peer("eventstream_stock"), sse=True),
    Contestant("channels", "Channels group_send, in memory", "/ws", peer("channels_stock")),
    Contestant("channels-redis", "Channels group_send, Redis", "/ws", launch_channels()),
    Contestant("channels-daphne", "Channels group_send, Redis, Daphne", "/ws", launch_channels("--daphne")),
)


def named(key: str) -> Contestant:
    return next(contestant for contestant in CONTESTANTS if contestant.key == key)
