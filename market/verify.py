"""Asking an exchange about symbols while a member of staff waits for the answer.

Sync, for a view's thread: under ASGI the question itself runs on the server's loop.
"""

import asyncio
from collections.abc import Awaitable, Iterable
from functools import lru_cache
from typing import TypeVar

from asgiref.sync import async_to_sync
from django.conf import settings

from market.exchanges.base import Refused, SymbolInfo, Unreachable
from market.exchanges.rest import Rest

PATIENCE = 3.0  # seconds

T = TypeVar("T")


class NotVerified(Exception):
    """The exchange did not answer, or refused to: nothing is known. str() is the reason in its own words."""


def ask(exchange: str, symbol: str) -> SymbolInfo:
    """What `exchange` says of `symbol`. Raises UnknownSymbol with its word, or NotVerified."""
    return async_to_sync(_within)(_rest(exchange).symbol(symbol))


def ask_all(exchange: str, symbols: Iterable[str]) -> dict[str, SymbolInfo]:
    """What `exchange` says of `symbols`; those that it does not list are absent. Raises NotVerified."""
    return async_to_sync(_within)(_rest(exchange).info(symbols))


def _rest(exchange: str) -> Rest:
    return _remembered({"binance": str(settings.BINANCE_REST_URL)}[exchange], exchange)


@lru_cache
def _remembered(url: str, exchange: str) -> Rest:
    """The same one each time: it knows until when the exchange wants to be left alone."""
    return Rest(exchange, url)


async def _within(question: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(PATIENCE):
            return await question
    except TimeoutError as error:
        raise NotVerified(f"no answer within {PATIENCE:g} s") from error
    except (Refused, Unreachable) as error:
        raise NotVerified(error.reason) from error
