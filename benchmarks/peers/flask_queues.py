"""Flask with a queue per client, served by gevent: a greenlet for each."""

# ruff: noqa: E402 - gevent replaces sockets and threads before anything else imports them
from gevent import monkey  # type: ignore[import-untyped]

monkey.patch_all()

import json
import queue
import socket
from collections.abc import Iterator

import gevent
from flask import Flask, Response
from gevent.pywsgi import WSGIServer  # type: ignore[import-untyped]
from websockets.sync.client import connect

from benchmarks.peers.venue import exchange_port, quote


class MessageAnnouncer:
    """The announcer of the well-known recipe: puts each message into the queue of each listener."""

    def __init__(self) -> None:
        self.listeners: list[queue.Queue[str]] = []

    def listen(self) -> queue.Queue[str]:
        messages: queue.Queue[str] = queue.Queue()
        self.listeners.append(messages)
        return messages

    def announce(self, message: str) -> None:
        for messages in self.listeners:
            messages.put_nowait(message)


announcer = MessageAnnouncer()
app = Flask(__name__)


@app.get("/sse")
def prices() -> Response:
    def stream() -> Iterator[str]:
        messages = announcer.listen()
        try:
            yield "event: connected\ndata: {}\n\n"
            while True:
                yield messages.get()
        finally:
            announcer.listeners.remove(messages)

    return Response(stream(), mimetype="text/event-stream")


def follow_exchange(port: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/ws", compression=None, proxy=None) as exchange:
        for text in exchange:
            announcer.announce(f"event: price\ndata: {json.dumps(quote(text))}\n\n")


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    gevent.spawn(follow_exchange, exchange_port())
    WSGIServer(listener, app, log=None, error_log=None).serve_forever()


if __name__ == "__main__":
    main()
