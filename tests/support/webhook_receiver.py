"""A real HTTP server on a free loopback port, that verifies each webhook and answers as a test wants."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from standardwebhooks import Webhook, WebhookVerificationError

from tests.support.certificate import Certificate

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLw=="


@dataclass(frozen=True, slots=True)
class Received:
    """One request. `valid`: its signature is right."""

    path: str
    headers: dict[str, str]
    body: str
    valid: bool

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.body)["data"]
        return data


@dataclass(frozen=True, slots=True)
class Answer:
    """`hang`: seconds before it, ended early by the end of the test; `stall`: after so many bytes of the body."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"thanks"
    hang: float = 0.0
    stall: int | None = None


class WebhookReceiver:
    """`answer` says what each request gets; a callable so that it may change. With a `certificate` it speaks TLS."""

    def __init__(
        self,
        answer: Callable[[Received], Answer] = lambda _: Answer(),
        *,
        secret: str = SECRET,
        certificate: Certificate | None = None,
    ) -> None:
        self.received: list[Received] = []
        self.sent_bytes = 0
        self.ended = threading.Event()
        self.answer = answer
        self._webhook = Webhook(secret)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._request_class())
        self._server.daemon_threads = True
        if certificate is not None:
            self._server.socket = certificate.server_side().wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.05], daemon=True)

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()

    def hear(self, path: str, headers: dict[str, str], body: str) -> Answer:
        try:
            self._webhook.verify(body, headers)
            valid = True
        except WebhookVerificationError:
            valid = False
        received = Received(path, headers, body, valid)
        self.received.append(received)
        return self.answer(received)

    def _request_class(receiver) -> type[BaseHTTPRequestHandler]:  # noqa: N805 (`self` is the request's)
        class Request(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # noqa: N802 (http.server's name)
                length = int(self.headers["content-length"])
                body = self.rfile.read(length).decode(errors="replace")
                if len(body.encode()) < length:
                    return  # the sender died in the middle of it
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = receiver.hear(self.path, headers, body)
                receiver.ended.wait(answer.hang)
                try:
                    self._say(answer)
                except OSError:
                    return  # the other side has gone

            def _say(self, answer: Answer) -> None:
                self.send_response(answer.status)
                for name, value in {"content-length": str(len(answer.body)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                for start in range(0, len(answer.body), 16_384):
                    self.wfile.write(answer.body[start : start + 16_384])
                    receiver.sent_bytes += 16_384
                    if answer.stall is not None and start >= answer.stall:
                        receiver.ended.wait(60)

            def log_message(self, format: str, *args: Any) -> None:
                """Silence: a test says what it needs."""

        return Request
