"""A span of numbers, with ends that belong to it or not."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Self

INFINITY = Decimal("Infinity")


@dataclass(frozen=True, slots=True)
class Span:
    """From `low` to `high`; an open end is not part of it."""

    low: Decimal = -INFINITY
    high: Decimal = INFINITY
    low_open: bool = False
    high_open: bool = False

    @classmethod
    def from_up(cls, low: Decimal) -> Self:
        return cls(low=low)

    @classmethod
    def above(cls, low: Decimal) -> Self:
        return cls(low=low, low_open=True)

    @classmethod
    def from_down(cls, high: Decimal) -> Self:
        return cls(high=high)

    @classmethod
    def below(cls, high: Decimal) -> Self:
        return cls(high=high, high_open=True)

    def __contains__(self, number: Decimal) -> bool:
        return not self.is_over(number) and not self.is_under(number)

    def is_under(self, number: Decimal) -> bool:
        """Whether all of it is smaller than `number`."""
        return number >= self.high if self.high_open else number > self.high

    def is_over(self, number: Decimal) -> bool:
        """Whether all of it is greater than `number`."""
        return number <= self.low if self.low_open else number < self.low


Spans = tuple[Span, ...]

NOWHERE: Spans = ()
EVERYWHERE: Spans = (Span(),)


def inside(spans: Spans, number: Decimal) -> bool:
    return any(number in span for span in spans)
