"""One symbol's newest quote as the hub holds it: every reader's share of it, each text made once."""

from market.core.wire import EVERY_FIELD, OPTIONAL, WireQuote

NEVER = -1  # the cursor of a reader who has nothing yet


class Line:
    """Knows for each optional field the batch that last changed it.

    So "what changed since cursor C" needs no history: it is a choice of fields, and each choice is encoded once.
    """

    __slots__ = ("_field_seqs", "_texts", "at", "quote", "seq")

    def __init__(self, quote: WireQuote, seq: int) -> None:
        self.quote = quote
        self.seq = seq  # the batch that last changed anything
        self.at: float | None = None  # monotonic seconds of that; None for prices of an earlier run
        self._field_seqs = [seq] * len(OPTIONAL)
        self._texts: dict[int, bytes] = {}

    def update(self, quote: WireQuote, seq: int) -> bool:
        """Take a newer quote; False when it says nothing new or is older than the one held."""
        held = self.quote
        if quote == held or (quote.source == held.source and quote.time_ms < held.time_ms):
            return False
        for index, name in enumerate(OPTIONAL):
            if quote.numbers.get(name) != held.numbers.get(name):
                self._field_seqs[index] = seq
        self.quote = quote
        self.seq = seq
        self._texts.clear()
        return True

    def rebase(self) -> None:
        """A new epoch counts from 1: what is held from before is older than all of it."""
        self.seq = 0
        self._field_seqs = [0] * len(OPTIONAL)

    def text(self, since: int) -> bytes:
        """The quote's JSON for a reader who has read up to batch `since`."""
        mask = EVERY_FIELD if since == NEVER else self._mask(since)
        text = self._texts.get(mask)
        if text is None:
            text = self._texts[mask] = self.quote.json(mask).encode()
        return text

    def _mask(self, since: int) -> int:
        mask = 0
        for index, seq in enumerate(self._field_seqs):
            if seq > since:
                mask |= 1 << index
        return mask
