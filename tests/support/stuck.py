"""Clients that do not read: raw sockets with a small window."""

import socket
import time
from typing import Self

from tests.support.live import LiveServer

HANDSHAKE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)


class StuckReader:
    """Asks for prices over `path` and then takes at most what it is told to."""

    def __init__(self, server: LiveServer, path: str) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.settimeout(10)
        self._socket.connect(("127.0.0.1", server.port))
        upgrade = HANDSHAKE if path.startswith("/ws") else ""
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n{upgrade}\r\n".encode())
        self.taken = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def take(self, count: int) -> int:
        """Read up to `count` bytes; 0 at the end of the stream. Raises ConnectionError when it was cut."""
        data = self._socket.recv(count)
        self.taken += len(data)
        return len(data)

    def ends(self, *, within: float) -> bool:
        """Whether the server has ended the connection, once what is left is read."""
        until = time.monotonic() + within
        try:
            while time.monotonic() < until:
                if not self.take(65536):
                    return True
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        return False


def resident_kb(pid: int) -> int:
    """Memory of a process, kB."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def thread_count(pid: int) -> int:
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("Threads"))
