"""A proxy as in some companies: it passes HTTP on and lets no WebSocket through, for workers of a browser too."""

import contextlib
import socket
import threading
from typing import Self

CHUNK = 65_536


class OldProxy:
    """Listens on a free port of its own and passes connections on to `port`. `url` is where browsers go."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: set[socket.socket] = set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        for connection in list(self._open):
            _end(connection)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed at the end of the test
            while True:
                browser, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(browser,), daemon=True).start()

    def _serve(self, browser: socket.socket) -> None:
        self._open.add(browser)
        with contextlib.suppress(OSError), browser:
            first = browser.recv(CHUNK)
            if not first or first.startswith(b"GET /ws/"):
                return
            with socket.create_connection(("127.0.0.1", self._to)) as server:
                server.sendall(first)
                threading.Thread(target=_pass_on, args=(server, browser), daemon=True).start()
                _pass_on(browser, server)
        self._open.discard(browser)


def _pass_on(source: socket.socket, to: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK):
            to.sendall(data)
    _end(to)


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
