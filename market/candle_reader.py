"""What one client wants of open candles, and what it missed while its buffer was full."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from market.core.framing import plain
from market.core.interval import Interval

if TYPE_CHECKING:
    from market.candle_lane import CandleLane
    from market.cohort import Key, Member

Keys = frozenset["Key"] | None  # None: all watched symbols
Want = tuple["Key", Interval]


class CandleReader:
    """`wants` has for each interval the symbols; `missed` is what changed while the client could not take it."""

    __slots__ = ("_lane", "_member", "missed", "paused", "wants")

    def __init__(self, lane: "CandleLane", member: "Member") -> None:
        self.wants: dict[Interval, Keys] = {}
        self.missed: set[Want] = set()
        self.paused = False
        self._lane = lane
        self._member = member

    @property
    def format(self) -> object:
        """Readers with the same one share bytes."""
        return (self._member.wish.dialect, self._member.wish.frame)

    def want(self, intervals: Iterable[Interval], keys: Keys) -> None:
        """More candles, from their next change on; `tell` says what is known of them now."""
        for interval in intervals:
            before = self.wants.get(interval, frozenset())
            self._set(interval, None if keys is None or before is None else before | keys)

    def tell(self, intervals: Iterable[Interval], keys: Keys) -> None:
        """The newest of these, as far as it is known; what has to be read from rows first follows by itself."""
        for interval in intervals:
            self._give(self._lane.held(interval, keys))

    def drop(self, intervals: Iterable[Interval], keys: Keys, watched: frozenset["Key"]) -> None:
        """No more of these. `watched` are all symbols of now: of "all" what is left are those."""
        for interval in intervals:
            if interval in self.wants:
                before = self.wants[interval]
                self._set(interval, frozenset() if keys is None else (watched if before is None else before) - keys)

    def words(self, name: Callable[["Key"], str]) -> dict[str, str | list[str]]:
        """What is wanted, for the client: by interval the names of symbols, or `*` for all."""
        return {
            interval.value: "*" if keys is None else sorted(map(name, keys)) for interval, keys in self.wants.items()
        }

    def go_on(self) -> None:
        """There is room again: the newest of what was missed."""
        missed, self.missed = self.missed, set()
        self._give([want for want in missed if self._wants(want)])

    def end(self) -> None:
        for interval in list(self.wants):
            self._set(interval, frozenset())

    def frames(self, wants: Iterable[Want]) -> list[bytes]:
        """Framed messages of the newest candles; one piece where the framing lets frames follow each other."""
        wish = self._member.wish
        messages = [message for want in wants if (message := self._lane.message(want, wish.dialect)) is not None]
        framed = [wish.frame(message) for message in messages]
        return framed if wish.frame is plain or not framed else [b"".join(framed)]

    def write(self, frames: Iterable[bytes]) -> None:
        for frame in frames:
            self._member.outlet.write(frame)

    def _give(self, wants: Iterable[Want]) -> None:
        if self.paused:
            self.missed.update(wants)
        else:
            self.write(self.frames(wants))

    def _wants(self, want: Want) -> bool:
        keys = self.wants.get(want[1], frozenset())
        return keys is None or want[0] in keys

    def _set(self, interval: Interval, keys: Keys) -> None:
        if interval in self.wants:
            self._lane.leave(self, interval, self.wants.pop(interval))
        if keys is None or keys:
            self.wants[interval] = keys
            self._lane.join(self, interval, keys)
