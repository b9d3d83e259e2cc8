"""The exchange's side of every peer: a WebSocket client and the quote made of each ticker."""

import argparse
import json
from collections.abc import AsyncIterator
from typing import Any

from websockets.asyncio.client import connect

Quote = dict[str, Any]


def exchange_port() -> int:
    """Port given as `--exchange PORT`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--exchange", type=int, required=True)
    return int(parser.parse_known_args()[0].exchange)


def quote(text: str | bytes) -> Quote:
    """About 110 bytes as JSON. The quote volume stays an integer: it carries the benchmark's stamp."""
    event = json.loads(text)
    return {
        "symbol": event["s"],
        "price": float(event["c"]),
        "change_24h": float(event["P"]),
        "quote_volume_24h": int(event["q"].partition(".")[0]),
    }


async def quotes(port: int) -> AsyncIterator[Quote]:
    """Each ticker of the exchange as a quote; the exchange waits while the caller is busy."""
    async with connect(f"ws://127.0.0.1:{port}/ws", compression=None, proxy=None) as socket:
        async for text in socket:
            yield quote(text)
