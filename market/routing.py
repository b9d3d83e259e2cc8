"""WebSocket paths."""

from django.urls import path, re_path

from market.consumers import PriceConsumer, UnknownPath

websocket_urlpatterns = [
    path("ws/prices", PriceConsumer.as_asgi()),  # type: ignore[arg-type]
    re_path(r"", UnknownPath.as_asgi()),  # type: ignore[arg-type]
]
