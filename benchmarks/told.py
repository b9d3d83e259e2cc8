"""From the exchange's tick to a thousand clients and to a webhook: how soon people know of a crossing.

Everything is as in production: `runfeed` decides and writes, Redis carries it, `serve --no-feed` tells the clients, who
get prices too, and `sendalerts` posts to a real HTTP server.
"""

import time
from functools import partial

from benchmarks import ours
from benchmarks.contestants import Contestant
from benchmarks.exchange import Exchange
from benchmarks.lane import Lane
from benchmarks.program import DidNotStart, Program
from benchmarks.readers import Count, Readers
from benchmarks.server import Server
from benchmarks.stage import SYMBOLS, Stage
from benchmarks.targets import Target

CLIENTS = 1000
WATCHED = SYMBOLS[:8]  # more at once would be a storm, which is told as one
RULES = 80
BURSTS_PER_SECOND = 20.0  # of all symbols; each rule fires once in 286
SECONDS = 30.0  # of each measurement: 170 alerts
ENOUGH = 100  # alerts for a p99
LANES = {"WebSocket": ours.socket_path(), "SSE": ours.events_path()}


def launch(stage: Stage, exchange: Exchange, *, hook: int) -> Server:
    env = ours.environment(stage, exchange)
    url = f"http://127.0.0.1:{hook}/"
    stage.start_module("benchmarks.crossings", str(RULES), url, env=env).answer(seconds=ours.RULES_SECONDS)
    server, _ = ours.start(stage, env)
    ours.manage(stage, {**env, "ALLOW_PRIVATE_WEBHOOKS": "true"}, "sendalerts")
    return server


def targets(stage: Stage) -> list[Target]:
    receiver = stage.start_module("benchmarks.receiver")
    start = partial(launch, hook=receiver.answer()["port"])
    lane = Lane(stage, Contestant("told", "alerts", LANES["WebSocket"], start, merges=True), symbols=WATCHED)
    lane.exchange.send_at(BURSTS_PER_SECOND)
    found = [_of_clients(lane, name, path) for name, path in LANES.items()]
    return [*found, _of_webhook(receiver)]


def _of_clients(lane: Lane, name: str, path: str) -> Target:
    readers = Readers(lane.stage, port=lane.server.port, paths=[path], clients=CLIENTS, sse=name == "SSE", alerts=True)
    readers.connect()
    lane.exchange.send_at(BURSTS_PER_SECOND)
    count = _count(readers)
    lane.stage.stop(readers.program)
    if count.messages < ENOUGH * CLIENTS:
        raise DidNotStart(f"{count.messages:,} alerts reached {count.open:,} clients")
    return Target(f"alerts: p99 from tick to {CLIENTS:,} clients, {name}", count.p99_ms, 250, "ms", most=True)


def _count(readers: Readers) -> Count:
    readers.reset()
    time.sleep(SECONDS)
    return readers.count()


def _of_webhook(receiver: Program) -> Target:
    """While the clients were told."""
    told = receiver.ask("report")
    if told["count"] < ENOUGH:
        raise DidNotStart(f"{told['count']} alerts reached the webhook")
    return Target("alerts: p99 from tick to webhook", told["p99_ms"], 1000, "ms", most=True)
