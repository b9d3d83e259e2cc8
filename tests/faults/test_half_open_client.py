"""Fault 7: clients whose network vanishes without a word are forgotten, and cost little until then."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.support.far_network import FarNetwork, require_namespaces
from tests.support.live import LiveServer
from tests.support.services import CHECKOUT, wait_until
from tests.support.stuck import resident_kb

EACH = 20  # clients of each kind
FORGOTTEN_WITHIN = 45.0
WITH_DATA_WITHIN = 22.0
KB_EACH = 512


@pytest.fixture
def far() -> Iterator[FarNetwork]:
    require_namespaces()
    with FarNetwork() as network:
        yield network


class ServerAt(LiveServer):
    """A server that listens on another address than loopback."""

    def __init__(self, host: str, *arguments: str, feed: str | None) -> None:
        super().__init__("--host", host, *arguments, feed=feed, env={"ALLOWED_HOSTS": host})
        self.url = f"http://{host}:{self.port}"


@contextlib.contextmanager
def far_clients(network: FarNetwork, server: LiveServer) -> Iterator[None]:
    """Entered once all of them read."""
    program = (sys.executable, str(CHECKOUT / "tests/support/far_client.py"))
    command = (*network.inside, *program, network.near, str(server.port), str(EACH))
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"reading\n"
            yield
        finally:
            process.kill()


def forgotten_after(server: LiveServer) -> tuple[float, int]:
    """Seconds until no client is left, and how much memory the server took meanwhile, kB."""
    began, before, most = time.monotonic(), resident_kb(server.pid), 0

    def forgotten() -> bool:
        nonlocal most
        most = max(most, resident_kb(server.pid))
        clients = server.status()["clients"]
        return bool(clients["ws"] == clients["sse"] == 0)

    wait_until(forgotten, what="all to be forgotten", deadline=FORGOTTEN_WITHIN)
    return time.monotonic() - began, most - before


def test_clients_behind_a_pulled_cable_are_forgotten(far: FarNetwork) -> None:
    with ServerAt(far.near, "--demo", "--simulator-rate", "5", feed="live") as server, far_clients(far, server):
        assert server.status()["clients"] == {**server.status()["clients"], "ws": EACH, "sse": EACH}

        far.cut()
        seconds, grown = forgotten_after(server)

        assert seconds <= WITH_DATA_WITHIN
        assert grown <= 2 * EACH * KB_EACH
        assert "Traceback" not in server.stderr


@pytest.mark.soak
def test_they_are_forgotten_when_there_is_nothing_to_send_too(far: FarNetwork) -> None:
    with ServerAt(far.near, "--demo", "--simulator-rate", "0.001", feed=None) as server, far_clients(far, server):
        far.cut()
        seconds, grown = forgotten_after(server)

        assert seconds <= FORGOTTEN_WITHIN
        assert grown <= 2 * EACH * KB_EACH
        assert "Traceback" not in server.stderr
