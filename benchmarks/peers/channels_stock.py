"""Channels as its tutorial shows it: each consumer in a group, `group_send`, then `send_json` in each."""

import argparse

import django
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.urls import path

from benchmarks.peers.asgi import serve, with_background
from benchmarks.peers.venue import Quote, exchange_port, quotes


def layer() -> dict[str, object]:
    """Redis when given as `--redis URL` (the usual deployment), else in memory."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--redis")
    url = parser.parse_known_args()[0].redis
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

if __name__ == "__main__":
    serve(with_background(app, follow_exchange))
