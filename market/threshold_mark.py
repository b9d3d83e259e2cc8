"""The mark of a row on the board: how far its price is from the nearest threshold; as model/thresholds.js has it.

Distances are for the eye, so floats will do.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext

from market.core.display import MINUS, THIN_SPACE
from market.core.rule import Condition
from market.phrases import phrase
from market.threshold_book import Threshold

CHANGES = (Condition.CHANGE_ABOVE, Condition.CHANGE_BELOW)


@dataclass(frozen=True, slots=True)
class ThresholdMark:
    """`percent` that the price has to go, negative for down; `past`: the condition holds already."""

    percent: float
    past: bool
    rule: str

    @property
    def words(self) -> str:
        """`+0.8 %`, with one decimal below ten percent."""
        size = abs(self.percent)
        if size < 0.1:
            return f"<{THIN_SPACE}0.1{THIN_SPACE}%"
        return f"{MINUS if self.percent < 0 else '+'}{size:.{1 if size < 9.95 else 0}f}{THIN_SPACE}%"

    @property
    def title(self) -> str:
        past = gettext("Alert when it %(rule)s again: the price is past it")
        return (past if self.past else gettext("Alert when it %(rule)s")) % {"rule": phrase(self.rule)}


def nearest(thresholds: Iterable[Threshold], numbers: Mapping[str, str]) -> ThresholdMark | None:
    """The rule that the price is nearest to; those that can still fire come first. None where none has a place."""
    marks = [mark for threshold in thresholds for mark in _mark(threshold, numbers)]
    return min(marks, key=lambda mark: (mark.past, abs(mark.percent)), default=None)


def _mark(threshold: Threshold, numbers: Mapping[str, str]) -> Iterator[ThresholdMark]:
    price, low = float(numbers["price"]), float(threshold.threshold)
    high = low if threshold.upper is None else float(threshold.upper)
    condition = Condition(threshold.condition)
    if price <= 0 or condition is Condition.MOVED:
        return
    if condition in CHANGES:
        if (change := numbers.get("change_24h")) is not None and float(change) != -100:
            past = float(change) > low if condition is Condition.CHANGE_ABOVE else float(change) < low
            yield ThresholdMark(((100 + low) / (100 + float(change)) - 1) * 100, past, threshold.text)
        return
    past = {
        Condition.ABOVE: price > low,
        Condition.BELOW: price < low,
        Condition.CROSS: False,
        Condition.ENTERS: low <= price <= high,
        Condition.LEAVES: not low <= price <= high,
    }[condition]
    end = min((low, high), key=lambda end: abs(end / price - 1))
    yield ThresholdMark((end / price - 1) * 100, past, threshold.text)
