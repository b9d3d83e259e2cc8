"""Whatever is sent to the HTTP interface, the answer is a 2xx, a 304 or a 4xx, in JSON below `/api/`."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.test import AsyncClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market.relay import Relay
from pricefeed.asgi import application
from tests.support.batches import feed_status, price_batch, wire_quote

RELAXED = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

octets = st.binary(max_size=40)
words = st.sampled_from(
    ["BTCUSDT", "ethusdt", "*", "k3f9:1", "k3f9:0", "1:1", "0", "1", "-1", "nan", "币安人生USDT", ","]
)
values = st.one_of(
    words.map(str.encode), octets, st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
names = st.sampled_from(
    ["symbols", "since", "wait", "channels", "channel", "lastEventId", "es-meta", "recover", "link", "x"]
)
queries = st.lists(st.tuples(names, values), max_size=5).map(
    lambda pairs: "&".join(f"{name}={quote(value)}" for name, value in pairs if name != "wait" or value != b"1")
)
header_values = st.binary(max_size=60).filter(lambda value: not {0, 10, 13} & set(value))
headers = st.dictionaries(
    st.sampled_from(
        [
            b"if-none-match",
            b"last-event-id",
            b"origin",
            b"host",
            b"cookie",
            b"x-forwarded-for",
            b"x-forwarded-proto",
            b"daphne-root-path",
            b"accept-encoding",
            b"content-length",
            b"content-type",
        ]
    ),
    header_values,
    max_size=4,
)
paths = st.sampled_from(
    ["/api/prices", "/api/sse/status", "/api/sse/test-broadcast", "/api/", "/api/x", "/events/", "/events/prices/"]
)
methods = st.sampled_from(["GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "DELETE", "BREW"])


async def ask(
    method: str, path: str, query: str, fields: Mapping[bytes, bytes], body: bytes = b""
) -> tuple[int, bytes]:
    """The status and the beginning of the body of one request to the whole application."""
    sent: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
    inbox: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
    inbox.put_nowait({"type": "http.request", "body": body, "more_body": False})
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode("latin-1"),
        "root_path": "",
        "headers": list({b"host": b"localhost", **fields}.items()),
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    request = asyncio.create_task(application(scope, inbox.get, sent.put))
    async with asyncio.timeout(20):
        start = await sent.get()
        first = await sent.get()
        inbox.put_nowait({"type": "http.disconnect"})
        await request
    return start["status"], first.get("body", b"")


@pytest.fixture
async def relay_with_prices(relay: Relay) -> Relay:
    relay.hub.hear(feed_status())
    relay.hub.apply(price_batch(wire_quote(), full=True))
    return relay


@pytest.fixture
async def session(relay: Relay, async_client: AsyncClient) -> bytes:
    """The cookies of a signed-in member of staff."""
    user = await sync_to_async(get_user_model().objects.create_user)("alice", is_staff=True)
    await async_client.aforce_login(user)
    return "; ".join(f"{name}={morsel.value}" for name, morsel in async_client.cookies.items()).encode()


async def test_no_request_is_a_500(relay_with_prices: Relay) -> None:
    loop = asyncio.get_running_loop()

    @RELAXED
    @given(method=methods, path=paths, query=queries, fields=headers)
    def try_one(method: str, path: str, query: str, fields: dict[bytes, bytes]) -> None:
        asked = ask(method, path, query, fields)
        status, body = asyncio.run_coroutine_threadsafe(asked, loop).result()

        assert status < 500, (status, body)
        if path.startswith("/api/") and status >= 400 and b"host" not in fields:
            assert set(json.loads(body)["error"]) == {"code", "message"}

    await asyncio.to_thread(try_one)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
bodies = st.one_of(
    st.binary(max_size=200),
    json_values.map(json.dumps).map(str.encode),
    st.fixed_dictionaries({"symbol": words | json_values, "price": json_values}, optional={"change_24h": json_values})
    .map(json.dumps)
    .map(str.encode),
    st.text("0123456789.eE+-", max_size=40).map(lambda text: b'{"symbol":"BTCUSDT","price":%s}' % text.encode()),
)


async def test_no_broadcast_is_a_500(session: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("market.endpoint._CsrfCheck.process_view", lambda *_: None)
    monkeypatch.setattr("market.round_trip.ANSWER_WITHIN", 0.001)  # nobody answers, and that is a 503
    loop = asyncio.get_running_loop()

    @RELAXED
    @given(body=bodies, kind=st.sampled_from([b"application/json", b"multipart/form-data; boundary=x", b"\xff"]))
    def try_one(body: bytes, kind: bytes) -> None:
        asked = ask("POST", "/api/sse/test-broadcast", "", {b"cookie": session, b"content-type": kind}, body)
        status, answer = asyncio.run_coroutine_threadsafe(asked, loop).result()

        assert status in (400, 503), (status, answer)
        assert json.loads(answer)["error"]["message"]

    await asyncio.to_thread(try_one)
