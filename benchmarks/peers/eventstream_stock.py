"""django-eventstream as its README shows it, under uvicorn: `send_event` to one channel."""

import asyncio

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.urls import include, path

from benchmarks.peers.asgi import serve, with_background
from benchmarks.peers.venue import exchange_port, quotes

settings.configure(
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["django_eventstream"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="benchmark",
    USE_TZ=True,
)
django.setup()

urlpatterns = [path("sse", include("django_eventstream.urls"), {"channels": ["prices"]})]


async def follow_exchange() -> None:
    from django_eventstream import send_event

    async for quote in quotes(exchange_port()):
        await asyncio.to_thread(send_event, "prices", "message", quote)


if __name__ == "__main__":
    serve(with_background(get_asgi_application(), follow_exchange))
