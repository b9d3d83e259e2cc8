"""Bytes as they stand on the wire, made once and written to many sockets."""

import zlib

# Below this many bytes deflate saves less than it costs.
DEFLATE_FROM = 256


def ws_frame(payload: bytes) -> bytes:
    """One unmasked WebSocket text frame (RFC 6455, 5.2)."""
    return _ws_head(0x81, len(payload)) + payload


def ws_deflated_frame(payload: bytes) -> bytes:
    """The same compressed (RFC 7692) without context takeover, so that every client of a cohort can read it."""
    if len(payload) < DEFLATE_FROM:
        return ws_frame(payload)
    deflate = zlib.compressobj(level=1, wbits=-12)
    squeezed = deflate.compress(payload) + deflate.flush(zlib.Z_SYNC_FLUSH)
    squeezed = squeezed[:-4]  # the empty block that every such message ends with is left out
    return _ws_head(0xC1, len(squeezed)) + squeezed


def http_chunk(payload: bytes) -> bytes:
    """One chunk of a chunked HTTP/1.1 body; nothing for nothing, since an empty chunk would end the body."""
    if not payload:
        return b""
    return b"%x\r\n%b\r\n" % (len(payload), payload)


def plain(payload: bytes) -> bytes:
    """For servers that frame by themselves."""
    return payload


def _ws_head(first: int, length: int) -> bytes:
    if length < 126:
        return bytes((first, length))
    if length < 65536:
        return bytes((first, 126)) + length.to_bytes(2, "big")
    return bytes((first, 127)) + length.to_bytes(8, "big")
