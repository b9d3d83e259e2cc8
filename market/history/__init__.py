"""Stored candles: read, written, and what is missing of them. Synchronous: call it in a thread.

A series is named by exchange, symbol and source, so that simulated candles never meet real ones.
"""

from market.history.gaps import Gap, Span, forget_marks, mark, marks, missing, without
from market.history.progress import Progress, note_progress
from market.history.pruning import prune
from market.history.reading import History, closes, latest_change, read
from market.history.series import Key, oldest, series_of
from market.history.writing import write, write_longer

__all__ = [
    "Gap",
    "History",
    "Key",
    "Progress",
    "Span",
    "closes",
    "forget_marks",
    "latest_change",
    "mark",
    "marks",
    "missing",
    "note_progress",
    "oldest",
    "prune",
    "read",
    "series_of",
    "without",
    "write",
    "write_longer",
]
