"""Which stored events came to this process: each is taken once, and what is missing is known."""

from collections import defaultdict
from collections.abc import Mapping


class Arrivals:
    """Events of a channel are numbered from 1 without a gap."""

    def __init__(self) -> None:
        self._all_to: defaultdict[str, int] = defaultdict(int)
        self._beyond: defaultdict[str, set[int]] = defaultdict(set)

    def start(self, newest: Mapping[str, int]) -> None:
        """Events up to these numbers are of before this process."""
        for channel, number in newest.items():
            self.complete(channel, number)

    def take(self, channel: str, number: int) -> bool:
        """Note an event; False when it came before."""
        if number <= self._all_to[channel] or number in self._beyond[channel]:
            return False
        self._beyond[channel].add(number)
        self._close(channel)
        return True

    def complete(self, channel: str, number: int) -> None:
        """All up to `number` that is still stored has come."""
        self._all_to[channel] = max(self._all_to[channel], number)
        self._beyond[channel] = {later for later in self._beyond[channel] if later > number}
        self._close(channel)

    def behind(self, newest: Mapping[str, int]) -> dict[str, int]:
        """Channels of which something did not come, each with the number up to which all did."""
        return {channel: self._all_to[channel] for channel, number in newest.items() if number > self._all_to[channel]}

    @property
    def gaps(self) -> bool:
        """Whether something came after what did not."""
        return any(self._beyond.values())

    def _close(self, channel: str) -> None:
        beyond = self._beyond[channel]
        while self._all_to[channel] + 1 in beyond:
            self._all_to[channel] += 1
            beyond.discard(self._all_to[channel])
