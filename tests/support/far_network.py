"""A network namespace at the end of a cable that can be pulled: packets vanish, and nobody is told."""

import os
import random
import shutil
import subprocess
from typing import Self

from tests.support.services import skip_or_fail


def require_namespaces() -> None:
    """End the running test where namespaces cannot be made."""
    if os.geteuid() != 0:
        skip_or_fail("network namespaces need root")
    if shutil.which("ip") is None:
        skip_or_fail("ip (iproute2) is not installed")
    if _ip("netns", "add", name := f"pricefeed-{os.getpid()}-probe").returncode != 0:
        skip_or_fail("network namespaces are not permitted here")
    _ip("netns", "del", name)


class FarNetwork:
    """`near` is our address on the cable, `far` the other end's; commands after `inside` run there."""

    def __init__(self) -> None:
        number = random.randrange(2**14)
        self.near = f"10.213.{number >> 6}.{number % 64 * 4 + 1}"
        self.far = f"10.213.{number >> 6}.{number % 64 * 4 + 2}"
        self._name = f"pricefeed-{os.getpid()}-{number}"
        self._cable = f"pf{number}"
        self.inside = ("ip", "netns", "exec", self._name)

    def __enter__(self) -> Self:
        try:
            self._run("netns", "add", self._name)
            self._run("link", "add", self._cable, "type", "veth", "peer", "name", "eth0", "netns", self._name)
            self._run("addr", "add", f"{self.near}/30", "dev", self._cable)
            self._run("link", "set", self._cable, "up")
            self._run("-n", self._name, "addr", "add", f"{self.far}/30", "dev", "eth0")
            self._run("-n", self._name, "link", "set", "eth0", "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        _ip("link", "del", self._cable)
        _ip("netns", "del", self._name)

    def cut(self) -> None:
        """Pull the cable at the far end."""
        self._run("-n", self._name, "link", "set", "eth0", "down")

    def mend(self) -> None:
        """Plug it in again."""
        self._run("-n", self._name, "link", "set", "eth0", "up")

    def _run(self, *arguments: str) -> None:
        done = _ip(*arguments)
        if done.returncode != 0:
            raise RuntimeError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


def _ip(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(("ip", *arguments), capture_output=True, text=True, timeout=20, check=False)
