"""Channels as its tutorial shows it: each consumer in a group, `group_send`, then `send_json` in each.

The tutorial serves it with Daphne over Redis (`--daphne --redis URL`); uvicorn with uvloop is the faster server.
"""

import argparse
import asyncio
import json

import django
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.urls import path

from benchmarks.peers.asgi import serve, with_background
from benchmarks.peers.venue import Quote, exchange_port, quotes
from benchmarks.program import free_port


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--redis")
    parser.add_argument("--daphne", action="store_true")
    return parser.parse_known_args()[0]


def layer() -> dict[str, object]:
    """Redis when given (the usual deployment), else in memory."""
    url = options().redis
    if not url:
        return {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    return {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [url]}}


settings.configure(CHANNEL_LAYERS={"default": layer()}, ALLOWED_HOSTS=["*"], USE_TZ=True)
django.setup()


class PriceConsumer(AsyncJsonWebsocketConsumer):
    async def connect(self) -> None:
        await self.channel_layer.group_add("prices", self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard("prices", self.channel_name)

    async def price_update(self, event: Quote) -> None:
        await self.send_json(event["quote"])


async def follow_exchange() -> None:
    channel_layer = get_channel_layer()
    assert channel_layer is not None
    async for quote in quotes(exchange_port()):
        await channel_layer.group_send("prices", {"type": "price.update", "quote": quote})


app = ProtocolTypeRouter({"websocket": URLRouter([path("ws", PriceConsumer.as_asgi())])})  # type: ignore[list-item, arg-type]


def serve_with_daphne() -> None:
    """Daphne with its own settings; the exchange is followed on the loop of its reactor."""
    from daphne.server import Server  # installs that reactor when imported

    port, tasks = free_port(), []

    def ready() -> None:
        tasks.append(asyncio.get_event_loop().create_task(follow_exchange()))
        print(json.dumps({"port": port}), flush=True)

    Server(app, endpoints=[f"tcp:port={port}:interface=127.0.0.1"], ready_callable=ready).run()


if __name__ == "__main__":
    if options().daphne:
        serve_with_daphne()
    else:
        serve(with_background(app, follow_exchange))
