"""The door: each HTTP request is a handshake for streams, a REST call, or refused."""

import asyncio
import logging
import time
from collections import deque
from email.utils import formatdate
from urllib.parse import parse_qs, unquote, urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.protocol import State

from market.simulator.answer import Answer, refusal
from market.simulator.connection import Connection
from market.simulator.faults import Faults
from market.simulator.rest import Rest
from market.simulator.session import Session

# Each REST call is a rejected handshake for the library, which would log every one of them.
QUIET = logging.getLogger("market.simulator.server")
QUIET.setLevel(logging.ERROR)


class Gate:
    """Decides by the path what a request is.

    `connects` collects the monotonic time of each handshake, `asked` time and path of each REST call.
    """

    def __init__(
        self,
        rest: Rest,
        *,
        faults: Faults,
        connects: list[float],
        asked: deque[tuple[float, str]],
        error_shape: str,
    ) -> None:
        self.present: set[Connection] = set()
        self._rest = rest
        self._faults = faults
        self._connects = connects
        self._asked = asked
        self._error_shape = error_shape

    async def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """None lets the handshake go on; a response is the answer instead (`process_request`)."""
        assert isinstance(connection, Connection)
        url = urlsplit(request.path)
        session = self._session(unquote(url.path), url.query)
        if session is None:
            self._asked.append((time.monotonic(), unquote(request.path)))
            return self._response(self._rest.answer(unquote(url.path), parse_qs(url.query)))
        self._connects.append(time.monotonic())
        self._remember(connection)
        await self._while_half_open(connection)
        if self._faults.http_status is not None:
            return self._response(refusal(self._faults.http_status, self._faults.retry_after))
        connection.session = session
        return None

    def _session(self, path: str, query: str) -> Session | None:
        """`/ws`, `/ws/<stream>` are raw, `/stream?streams=a/b/c` is combined; anything else is no stream."""
        if path == "/stream":
            names = "/".join(parse_qs(query).get("streams", []))
            return self._new_session(names, combined=True)
        if path == "/ws" or path.startswith("/ws/"):
            return self._new_session(path.removeprefix("/ws"), combined=False)
        return None

    def _new_session(self, names: str, *, combined: bool) -> Session:
        streams = tuple(name for name in names.split("/") if name)
        return Session(streams=streams, combined=combined, error_shape=self._error_shape)

    def _remember(self, connection: Connection) -> None:
        self.present.add(connection)
        connection.connection_lost_waiter.add_done_callback(lambda _: self.present.discard(connection))

    async def _while_half_open(self, connection: Connection) -> None:
        """A dead machine answers no handshake, though its kernel took the connection."""
        while self._faults.half_open and connection.state is State.CONNECTING:
            await asyncio.sleep(0.02)

    def _response(self, answer: Answer) -> Response:
        """Dated by the exchange's own clock."""
        body = answer.text.encode()
        headers = Headers(
            {
                "Content-Type": answer.content_type,
                "Content-Length": str(len(body)),
                "Connection": "close",
                "Date": formatdate(self._rest.now_ms() / 1000, usegmt=True),
            }
        )
        headers.update(answer.headers)
        return Response(answer.status, answer.reason, headers, body)
