"""Run as a program: `far_client.py HOST PORT COUNT` reads `COUNT` streams of each kind for ever, over plain sockets.

Says "reading" on stdout once all of them were answered. Uses the standard library only: it runs in a bare namespace.
"""

import selectors
import socket
import sys

HANDSHAKE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)
PATHS = {"/ws/prices": HANDSHAKE, "/api/sse/prices": ""}


def main(host: str, port: int, count: int) -> None:
    selector = selectors.DefaultSelector()
    for path, upgrade in PATHS.items():
        for _ in range(count):
            connection = socket.create_connection((host, port), timeout=20)
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n{upgrade}\r\n".encode())
            selector.register(connection, selectors.EVENT_READ)
    answered: set[int] = set()
    while selector.get_map():
        for key, _ in selector.select():
            answered.add(key.fd)
            if not key.fileobj.recv(65536):  # type: ignore[union-attr]
                selector.unregister(key.fileobj)
        if len(answered) == len(PATHS) * count:
            print("reading", flush=True)
            answered.add(-1)  # said once


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
