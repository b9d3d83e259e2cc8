"""What is said to clients, in the words of each transport (protocol 1). UTF-8 bytes, not yet framed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from market.core.alert_log import ALERT
from market.core.interval import Interval
from market.core.wire import time_text

PROTOCOL = 1
NOTHING_READ = "0:0"  # a cursor of no epoch: whoever comes back with it gets a full snapshot
RETRY_MS = 3000  # what an SSE client waits before it comes back


@dataclass(frozen=True, slots=True)
class FeedWords:
    """What a status message says. `halted` and `silent` are symbol names."""

    feed: str
    source: str
    reason: str = ""
    halted: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()

    def fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = {"feed": self.feed, "source": self.source}
        for name, words in (
            ("reason", self.reason),
            ("halted", list(self.halted)),
            ("silent", list(self.silent)),
        ):
            if words:
                fields[name] = words
        return fields


# What stands around the items of an update: made once per flush.
Opening = tuple[bytes, bytes]


class Dialect(Protocol):
    """`now_ms` is the wall clock. `item` is a symbol's share of an update, `opening` what stands around the items:

    both are made once per flush, and `update` puts them together once per cohort. `before` is the cursor that the
    reader has, `cursor` the one it has afterwards. `news` is about an alert: its JSON, or what was done with it.
    `candle` is a candle of a symbol (exchange, name), its JSON in `text`.
    """

    transport: str

    def connected(self, heartbeat: int, now_ms: int) -> bytes: ...
    def status(self, words: FeedWords, now_ms: int) -> bytes: ...
    def item(self, quote: bytes) -> bytes: ...
    def opening(self, cursor: str, before: str, now_ms: int) -> Opening: ...
    def snapshot(self, cursor: str, now_ms: int, items: Sequence[bytes]) -> bytes: ...
    def update(self, opening: Opening, items: Sequence[bytes]) -> bytes: ...
    def symbols(self, added: Sequence[str], removed: Sequence[str], now_ms: int) -> bytes: ...
    def heartbeat(self, cursor: str, now_ms: int) -> bytes: ...
    def news(self, kind: str, text: bytes, now_ms: int) -> bytes: ...
    def candle(self, key: tuple[str, str], interval: Interval, text: bytes, now_ms: int) -> bytes: ...


class WebSocketDialect:
    transport = "ws"

    def connected(self, heartbeat: int, now_ms: int) -> bytes:
        return ws_message("connected", now_ms, protocol=PROTOCOL, heartbeat=heartbeat)

    def status(self, words: FeedWords, now_ms: int) -> bytes:
        return ws_message("status", now_ms, **words.fields())

    def item(self, quote: bytes) -> bytes:
        return quote

    def opening(self, cursor: str, before: str, now_ms: int) -> Opening:
        return self._opening(b"price_update", cursor, now_ms)

    def snapshot(self, cursor: str, now_ms: int, items: Sequence[bytes]) -> bytes:
        return self.update(self._opening(b"snapshot", cursor, now_ms), items)

    def update(self, opening: Opening, items: Sequence[bytes]) -> bytes:
        return b"%b%b%b" % (opening[0], b",".join(items), opening[1])

    def symbols(self, added: Sequence[str], removed: Sequence[str], now_ms: int) -> bytes:
        return ws_message("symbols", now_ms, added=list(added), removed=list(removed))

    def heartbeat(self, cursor: str, now_ms: int) -> bytes:
        return ws_message("heartbeat", now_ms, cursor=cursor)

    def news(self, kind: str, text: bytes, now_ms: int) -> bytes:
        fields = b'"alert":%b' % text if kind == ALERT else text[1:-1]
        return b'{"type":"%b",%b,"timestamp":"%b"}' % (kind.encode(), fields, time_text(now_ms).encode())

    def candle(self, key: tuple[str, str], interval: Interval, text: bytes, now_ms: int) -> bytes:
        fields = _candle_fields(key, interval, text)
        return b'{"type":"candle",%b,"timestamp":"%b"}' % (fields, time_text(now_ms).encode())

    def _opening(self, kind: bytes, cursor: str, now_ms: int) -> Opening:
        head = b'{"type":"%b","cursor":"%b","timestamp":"%b","data":['
        return head % (kind, cursor.encode(), time_text(now_ms).encode()), b"]}"


class SseDialect:
    transport = "sse"

    def connected(self, heartbeat: int, now_ms: int) -> bytes:
        words = {"message": "connected to the price feed", "protocol": PROTOCOL}
        return b"retry: %d\n\n" % RETRY_MS + sse_event("connected", words)

    def status(self, words: FeedWords, now_ms: int) -> bytes:
        return sse_event("status", words.fields())

    def item(self, quote: bytes) -> bytes:
        return b"data: %b\n\n" % quote

    def opening(self, cursor: str, before: str, now_ms: int) -> Opening:
        head = b"event: price\nid: %b\n"
        return head % before.encode(), head % cursor.encode()

    def snapshot(self, cursor: str, now_ms: int, items: Sequence[bytes]) -> bytes:
        return self.update(self.opening(cursor, NOTHING_READ, now_ms), items)

    def update(self, opening: Opening, items: Sequence[bytes]) -> bytes:
        """Only the last event says the new cursor: whoever is cut off in the middle comes back with the old one."""
        if not items:
            return b""
        *others, last = items
        before, after = opening
        return b"".join([part for item in others for part in (before, item)]) + after + last

    def symbols(self, added: Sequence[str], removed: Sequence[str], now_ms: int) -> bytes:
        return sse_event("symbols", {"added": list(added), "removed": list(removed)})

    def heartbeat(self, cursor: str, now_ms: int) -> bytes:
        return sse_event("heartbeat", {"timestamp": now_ms // 1000})

    def news(self, kind: str, text: bytes, now_ms: int) -> bytes:
        """Without an id: that is the cursor of the prices, and stays as it is."""
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), text)

    def candle(self, key: tuple[str, str], interval: Interval, text: bytes, now_ms: int) -> bytes:
        return b"event: candle\ndata: {%b}\n\n" % _candle_fields(key, interval, text)


WEBSOCKET = WebSocketDialect()
SSE = SseDialect()


def ws_message(kind: str, now_ms: int, /, **fields: Any) -> bytes:
    """A WebSocket message that is no list of quotes; the timestamp comes last."""
    message = {"type": kind, **fields, "timestamp": time_text(now_ms)}
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def sse_event(kind: str, data: dict[str, Any]) -> bytes:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return f"event: {kind}\ndata: {text}\n\n".encode()


def _candle_fields(key: tuple[str, str], interval: Interval, text: bytes) -> bytes:
    exchange, symbol = key
    words = (json.dumps(symbol, ensure_ascii=False).encode(), exchange.encode(), interval.encode(), text)
    return b'"symbol":%b,"exchange":"%b","interval":"%b","candle":%b' % words
