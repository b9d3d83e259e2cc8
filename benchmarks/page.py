"""The board with 500 symbols: how long it takes, and whether its queries grow with the symbols."""

import time
from http.client import HTTPConnection
from statistics import median

from benchmarks import ours
from benchmarks.contestants import named
from benchmarks.exchange import Exchange
from benchmarks.lane import Lane
from benchmarks.program import DidNotStart
from benchmarks.stage import SYMBOLS, Stage
from benchmarks.targets import Target

FEW, MANY = 16, 500
REQUESTS = 20


def targets(stage: Stage) -> list[Target]:
    return [
        Target(f"page of {MANY} symbols", 1000 * _seconds(stage), 50, "ms", most=True),
        Target(f"queries of that page beyond those of {FEW} symbols", _more_queries(stage), 0, most=True),
    ]


def _seconds(stage: Stage) -> float:
    """Over a kept connection, prices flowing at one change a second of each symbol; median."""
    lane = Lane(stage, named("ws"), symbols=SYMBOLS[:MANY])
    try:
        lane.exchange.send_at(1)
        connection = HTTPConnection("127.0.0.1", lane.server.port, timeout=10)
        _get(connection)
        return median(_get(connection) for _ in range(REQUESTS))
    finally:
        lane.close()


def _get(connection: HTTPConnection) -> float:
    began = time.perf_counter()
    connection.request("GET", "/")
    response = connection.getresponse()
    page = response.read()
    if response.status != 200 or page.count(SYMBOLS[MANY - 1].removesuffix("USDT").encode()) == 0:
        raise DidNotStart(f"the board answered {response.status} with {len(page)} bytes")
    return time.perf_counter() - began


def _more_queries(stage: Stage) -> float:
    exchange = Exchange(stage, symbols=SYMBOLS[:FEW])
    env = {**ours.environment(stage, exchange), "ALLOWED_HOSTS": "testserver"}
    program = stage.start_module("benchmarks.page_queries", str(FEW), str(MANY), env=env, serving=True)
    few, many = program.answer()["queries"]
    stage.stop(program, exchange.program)
    return float(many - few)
