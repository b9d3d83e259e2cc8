"""A library that logs a traceback a second becomes one that says a line now and then."""

import logging
import sys

from pricefeed.log_filters import Seldom


def failure(text: str) -> logging.LogRecord:
    """As `logger.exception` makes it."""
    try:
        raise ConnectionError(text)
    except ConnectionError:
        return logging.LogRecord("library", logging.ERROR, __file__, 1, "in %s", ("task",), sys.exc_info())


def test_a_traceback_becomes_a_line() -> None:
    record = failure("Redis is away")

    assert Seldom().filter(record)
    assert logging.Formatter().format(record) == "in task: ConnectionError: Redis is away"


def test_the_next_line_waits() -> None:
    now = 0.0
    seldom = Seldom(30.0, clock=lambda: now)

    assert seldom.filter(failure("first"))
    now = 29.0
    assert not seldom.filter(failure("second"))
    now = 31.0
    assert seldom.filter(failure("third"))
