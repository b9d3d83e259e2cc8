"""Thresholds that staff set, and where each of them stands: values only; crossing.py says how they change."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Condition(StrEnum):
    """What a rule waits for. CHANGE_* look at the change of 24 h, MOVED at the way within a window: in percent."""

    ABOVE = "above"
    BELOW = "below"
    CROSS = "cross"
    CHANGE_ABOVE = "change_above"
    CHANGE_BELOW = "change_below"
    MOVED = "moved"
    ENTERS = "enters"
    LEAVES = "leaves"


class Frequency(StrEnum):
    """How often a rule may fire: once for ever, at every crossing, or at most once per `interval_ms`."""

    ONCE = "once"
    EVERY = "every"
    INTERVAL = "interval"


class Phase(StrEnum):
    """UNKNOWN: no tick yet. RECOVERING: back over the threshold, not yet by the re-arm distance."""

    UNKNOWN = "unknown"
    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"


RuleKey = tuple[int, str, str]  # id, exchange, symbol


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of one symbol. A row that speaks of all symbols is one Rule for each, with the same `id`.

    `threshold` is a price, or percent for CHANGE_* and MOVED; `upper` is the top of a range. `rearm` is the distance,
    in the same unit, by which the value has to go back before the rule may fire again. All ms are exchange time.
    """

    id: int
    version: int
    exchange: str
    symbol: str
    condition: Condition
    threshold: Decimal
    upper: Decimal | None
    rearm: Decimal
    window_ms: int
    hold_ms: int
    frequency: Frequency
    interval_ms: int
    fire_if_holds: bool

    @property
    def key(self) -> RuleKey:
        return (self.id, self.exchange, self.symbol)


@dataclass(frozen=True, slots=True)
class RuleState:
    """Where a rule stands, as it is persisted; after a restart this is where it goes on.

    `holds` is the side: whether the condition holds (for CROSS: whether the price is on the upper side). `since_ms` is
    when the phase began, `fired_ms` the last fire, `fires` their number. `price`, `time_ms` and `trade_id` are of the
    last tick that changed the state.
    """

    version: int
    phase: Phase
    holds: bool
    since_ms: int
    fired_ms: int | None
    fires: int
    price: Decimal | None
    time_ms: int
    trade_id: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """One change of one rule's state: what has to be written; an alert when it `fires`.

    `late`: the crossing happened while nobody looked. `price` and `previous` are the quote's; `why` says it in words.
    """

    rule: Rule
    before: RuleState
    after: RuleState
    fires: bool
    late: bool
    price: Decimal
    previous: Decimal | None
    time_ms: int
    why: str
