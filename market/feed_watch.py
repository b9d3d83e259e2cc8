"""What a web process knows of the feed, and what it makes of the feed's silence."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from market.core.dialect import FeedWords
from market.core.messages import DOWN, STALE, FeedStatus

# The feed speaks every second: this long without a word (seconds) and its prices are stale, then it is gone.
STALE_AFTER = 2.5
DOWN_AFTER = 15.0

_UNHEARD = "waiting for the feed"
_SILENT = "nothing heard from the feed"


@dataclass(frozen=True, slots=True)
class FeedState:
    """`feed` is live, delayed, stale or down; `halted` and `silent` are symbol names; counters are the feed's own."""

    feed: str = STALE
    source: str = ""
    reason: str = _UNHEARD
    halted: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    counters: Mapping[str, int] = field(default_factory=dict)

    def words(self) -> FeedWords:
        return FeedWords(self.feed, self.source, self.reason, tuple(sorted(self.halted)), tuple(sorted(self.silent)))


class FeedWatch:
    """Times are monotonic seconds, passed in."""

    def __init__(self) -> None:
        self.state = FeedState()
        self.changes = 0  # counts the states that clients were told
        self.epoch = ""
        self._said = FeedState()
        self._heard_at: float | None = None
        self._began_at: float | None = None

    def accepts(self, epoch: str, now: float) -> bool:
        """False for words of a feed that a later one has replaced and that is not silent itself."""
        return epoch >= self.epoch or self.silence(now) > STALE_AFTER

    def heard(self, epoch: str, now: float) -> None:
        self.epoch = epoch
        self._heard_at = now

    def hear(self, status: FeedStatus, now: float) -> bool:
        """The feed's own word; True when clients have to be told."""
        self.heard(status.epoch, now)
        self._said = FeedState(
            status.feed,
            status.source,
            status.reason,
            frozenset(status.halted),
            frozenset(status.silent),
            dict(status.counters),
        )
        return self.judge(now)

    def judge(self, now: float) -> bool:
        """What holds at `now`; True when it differs from what was said last."""
        silence = self.silence(now)
        state = self._said
        if silence > STALE_AFTER:
            reason = _UNHEARD if self._heard_at is None else _SILENT
            state = replace(state, feed=DOWN if silence > DOWN_AFTER else STALE, reason=reason)
        told = self.state.words() != state.words()
        self.state = state
        self.changes += told
        return told

    def silence(self, now: float) -> float:
        """Seconds since the feed last said anything."""
        if self._began_at is None:
            self._began_at = now
        return now - (self._began_at if self._heard_at is None else self._heard_at)
