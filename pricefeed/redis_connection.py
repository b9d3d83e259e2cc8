"""Connections of the channel layer to Redis, which notice a server that vanished without a word.

redis-py takes the kernel's ETIMEDOUT for "nothing to read yet" (it is a TimeoutError too), and the layer's reader then
asks again at once, for ever: the event loop of the whole process stands still.
"""

import socket
from typing import Any

from redis.asyncio import Connection, SSLConnection
from redis.asyncio.connection import parse_url
from redis.exceptions import ConnectionError as RedisConnectionError

CONNECT_WITHIN = 2  # seconds
# Linux has them all. Unanswered data ends a connection after 10 s, silence is asked after from 5 s on.
PATIENCE = {
    getattr(socket, name): value
    for name, value in (
        ("TCP_USER_TIMEOUT", 10_000),
        ("TCP_KEEPIDLE", 5),
        ("TCP_KEEPINTVL", 5),
        ("TCP_KEEPCNT", 2),
    )
    if hasattr(socket, name)
}


class NoticesLoss(Connection):
    async def read_response(self, *args: Any, **kwargs: Any) -> Any:
        """As before, but a lost connection raises redis.ConnectionError, whereupon a new one is made."""
        response = await super().read_response(*args, **kwargs)
        lost = self._reader.exception() if response is None and self._reader is not None else None
        if lost is None:
            return response
        await self.disconnect(nowait=True)
        raise RedisConnectionError(f"Connection lost: {lost}") from lost


class NoticesLossOverTls(NoticesLoss, SSLConnection):
    pass


def layer_host(url: str) -> dict[str, Any]:
    """What channels_redis needs of `url` (redis, rediss or unix). Raises ValueError."""
    host: dict[str, Any] = {"socket_connect_timeout": CONNECT_WITHIN, **parse_url(url)}
    if not url.startswith("unix:"):
        host["connection_class"] = NoticesLossOverTls if url.startswith("rediss:") else NoticesLoss
        host["socket_keepalive_options"] = PATIENCE
    return host
