"""Frames no exchange should send. Each must be counted by the client and hurt nothing."""

from collections.abc import Mapping
from types import MappingProxyType

from websockets.frames import Opcode

from market.simulator.connection import frame

HUGE = 2 * 2**20  # bytes; over the 1 MiB that WebSocket clients accept by default


def _ticker(data: str) -> bytes:
    return frame(f'{{"stream":"btcusdt@ticker","data":{data}}}'.encode())


# These end a connection by rights (close 1009 and 1007), so "all" leaves them out.
FATAL: Mapping[str, bytes] = MappingProxyType(
    {
        "huge": frame(b'{"stream":"btcusdt@ticker","data":"' + b"x" * HUGE + b'"}'),
        "not_utf8": frame(b'{"stream":"btcusdt@ticker","data":"\xff\xfe"}'),
    }
)
HARMLESS: Mapping[str, bytes] = MappingProxyType(
    {
        "bad_json": frame(b'{"stream":"btcusdt@ticker","data":{"e":"24hrTicker","E":17'),
        "empty": frame(b""),
        "not_an_object": frame(b"[1,2,3]"),
        "null": frame(b"null"),
        "no_data": frame(b'{"stream":"btcusdt@ticker"}'),
        "data_null": _ticker("null"),
        "missing_keys": _ticker('{"e":"24hrTicker","s":"BTCUSDT"}'),
        "wrong_types": _ticker('{"e":"24hrTicker","E":"soon","s":7,"c":["1"],"P":{},"L":"x","C":null}'),
        "nan": _ticker('{"e":"24hrTicker","E":1700000000000,"s":"BTCUSDT","c":NaN,"P":"NaN","L":1,"C":1}'),
        "infinity": _ticker('{"e":"24hrTicker","E":1700000000000,"s":"BTCUSDT","c":"Infinity","P":"1e999"}'),
        "empty_price": _ticker('{"e":"24hrTicker","E":1700000000000,"s":"BTCUSDT","c":"","P":""}'),
        "unknown_event": frame(b'{"stream":"!surprise","data":{"e":"surprise","E":1700000000000}}'),
        "unknown_symbol": frame(
            b'{"stream":"nobodyusdt@trade","data":{"e":"trade","E":1,"s":"NOBODYUSDT","t":1,"p":"1","T":1}}'
        ),
        "deep": frame(b"[" * 100_000 + b"]" * 100_000),
        "binary": frame(b"\x00\x01\x02\xfe", opcode=Opcode.BINARY),
    }
)
MALFORMED: Mapping[str, bytes] = MappingProxyType({**HARMLESS, **FATAL})


def chosen(kind: str) -> tuple[str, ...]:
    """The kinds behind a word: `all` the harmless ones, else the one of that name. Raises ValueError."""
    if kind == "all":
        return tuple(HARMLESS)
    if kind not in MALFORMED:
        raise ValueError(f"unknown malformed frame {kind!r}; known: all, {', '.join(MALFORMED)}")
    return (kind,)
