"""WebSocket paths."""

from django.urls import path, re_path

from market.consumers import PriceConsumer, UnknownPath

websocket_urlpatterns = [
    path("ws/prices", PriceConsumer.as_asgi()),
    re_path(r"", UnknownPath.as_asgi()),
]
