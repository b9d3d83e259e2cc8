"""What makes a library's log fit for reading."""

import logging
import time
from collections.abc import Callable


class Seldom(logging.Filter):
    """One line for each record instead of a traceback, and one at most every `seconds`.

    For channels_redis, which logs a traceback a second while Redis is away; the feed and the relay say it too.
    """

    def __init__(self, seconds: float = 30.0, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._seconds = seconds
        self._clock = clock
        self._passed_at = float("-inf")

    def filter(self, record: logging.LogRecord) -> bool:
        if self._clock() - self._passed_at < self._seconds:
            return False
        self._passed_at = self._clock()
        if record.exc_info and record.exc_info[1] is not None:
            cause = record.exc_info[1]
            record.msg, record.args = f"{record.getMessage()}: {type(cause).__name__}: {cause}", ()
            record.exc_info = record.exc_text = None
        return True
