"""The end of a process whose threads wait for something that does not come, such as a locked database."""

import logging
import os
import sys
import threading

logger = logging.getLogger(__name__)

WITHIN = 2.0  # seconds


def end_within(seconds: float = WITHIN) -> None:
    """From now on the process ends by itself, or after so long without its threads; its exit code is 0 then.

    Python waits for threads at the end, and they for a database: for as long as a query of theirs may take. Nothing
    that was promised is lost without them, because a process may be killed at any time: what is not written yet will be
    decided again from what is, and what was not delivered is still a row.
    """
    timer = threading.Timer(seconds, _end)
    timer.daemon = True
    timer.start()


def _end() -> None:
    names = sorted(thread.name for thread in threading.enumerate() if not thread.daemon)
    logger.warning("ended without waiting for: %s", ", ".join(names))
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)
