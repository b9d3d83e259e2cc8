"""The venues that prices come from."""

from market.exchanges.base import Exchange
from market.exchanges.binance import Binance

EXCHANGES: dict[str, Exchange] = {"binance": Binance()}
