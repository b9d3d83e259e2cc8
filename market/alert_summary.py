"""What a page needs to count alerts and to mark rows, for whoever looks at it."""

import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from django.db.models import Max
from django.utils import timezone

from market.alert_desk import visible_to
from market.alert_list import waiting
from market.core.viewer import Viewer
from market.threshold_book import ThresholdBook

MOST_WAITING = 100  # ids of unacknowledged alerts that a page is told
COUNTED = 1000  # as far as they are counted
HELD = 1.0  # seconds that an answer for those who are not signed in is good for the others of them

Prices = Mapping[str, str]


class Summaries:
    """Synchronous, from any thread; database errors propagate. `clock` is monotonic seconds.

    All who are not signed in see the same: it is read once a second, however many pages are open.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._public: tuple[float, int, dict[str, Any]] | None = None

    def of(self, viewer: Viewer, prices: Prices, book: ThresholdBook) -> dict[str, Any]:
        """`prices` by the keys of rows: of many thresholds the nearest are told."""
        with self._lock:
            if viewer.user_id is not None:
                return _read(viewer, prices, book)
            now = self._clock()
            if self._public is None or now - self._public[0] >= HELD or book.changes != self._public[1]:
                self._public = now, book.changes, _read(viewer, prices, book)
            return self._public[2]


def _read(viewer: Viewer, prices: Prices, book: ThresholdBook) -> dict[str, Any]:
    newest = newest_of(viewer)  # first: an alert that comes between the two queries is news to the page
    open_ones = visible_to(viewer).filter(waiting(timezone.now()), pk__lte=newest)
    ids = list(open_ones.order_by("-pk").values_list("pk", flat=True)[:COUNTED])
    return {
        "unacknowledged": len(ids),
        "waiting": ids[:MOST_WAITING],
        "newest": newest,
        "viewer": viewer.user_id,
        "staff": viewer.is_staff,
        "thresholds": [threshold.fields() for threshold in book.seen_by(viewer, prices)],
    }


def newest_of(viewer: Viewer) -> int:
    """The highest id that a viewer may see, 0 for none."""
    newest: int | None = visible_to(viewer).order_by().aggregate(newest=Max("pk"))["newest"]
    return newest or 0
