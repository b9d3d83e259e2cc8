"""Asking an exchange about symbols while a member of staff waits for the answer."""

import asyncio
from collections.abc import Iterable

from asgiref.sync import async_to_sync
from django.conf import settings

from market.exchanges.base import Refused, SymbolInfo, Unreachable

PATIENCE = 3.0  # seconds


class NotVerified(Exception):
    """The exchange did not answer, or refused to: nothing is known. str() is the reason in its own words."""


def ask(exchange: str, symbols: Iterable[str], *, patience: float = PATIENCE) -> dict[str, SymbolInfo]:
    """What `exchange` says of `symbols`; those that it does not list are absent. Raises NotVerified.

    Sync, for a view's thread: under ASGI the question itself runs on the server's loop.
    """
    return async_to_sync(_ask)(exchange, list(symbols), patience)


async def _ask(exchange: str, symbols: list[str], patience: float) -> dict[str, SymbolInfo]:
    from market.exchanges.rest import Rest

    try:
        async with asyncio.timeout(patience):
            return await Rest(exchange, rest_url(exchange)).info(symbols)
    except TimeoutError as error:
        raise NotVerified(f"no answer within {patience:g} s") from error
    except (Refused, Unreachable) as error:
        raise NotVerified(error.reason) from error


def rest_url(exchange: str) -> str:
    """Where the exchange answers, from the settings."""
    url: str = {"binance": settings.BINANCE_REST_URL}[exchange]
    return url
