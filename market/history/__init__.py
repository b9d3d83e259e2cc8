"""Stored candles: read, written, and what is missing of them. Synchronous: call it in a thread.

A series is named by exchange, symbol and source, so that simulated candles never meet real ones.
"""

from market.history.gaps import Gap, mark, missing
from market.history.reading import History, closes, latest_change, read
from market.history.series import Key, series_of
from market.history.writing import write, write_longer

__all__ = [
    "Gap",
    "History",
    "Key",
    "closes",
    "latest_change",
    "mark",
    "missing",
    "read",
    "series_of",
    "write",
    "write_longer",
]
