"""Every message between the feed and the web processes, with its group and its promise.

PriceBatch and FeedStatus may be lost: the next one heals (whole quotes, a cursor, a heartbeat).
StoredEvent may be lost on the layer too, because it is a row first: a client that missed it reads the row.
Payloads are plain dicts of str, int, float, bool, list and None, so that any channel layer carries them.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from market.core.wire import WireQuote

# Channel-layer groups. Each web process joins PRICES, STATUS and ALERTS with its one channel; the feed joins CONTROL.
PRICES = "prices"
STATUS = "status"
ALERTS = "alerts"
CONTROL = "control"

# The exchange that a bare symbol name means.
DEFAULT_EXCHANGE = "binance"

LIVE, DELAYED, STALE, DOWN = "live", "delayed", "stale", "down"

# The feed says something at least this often (seconds), so that silence means something.
FEED_HEARTBEAT = 1.0


@dataclass(frozen=True, slots=True)
class PriceBatch:
    """One flush of the feed, group PRICES. Droppable, ordered by `seq` within `epoch`.

    `full` means: everything the feed knows, so nothing before it is needed. `sent_ms` is the feed's wall clock.
    """

    epoch: str
    seq: int
    full: bool
    sent_ms: int
    quotes: tuple[WireQuote, ...]

    TYPE = "prices.batch"

    def payload(self) -> dict[str, Any]:
        rows = [[q.exchange, q.symbol, q.source, q.time_ms, dict(q.numbers)] for q in self.quotes]
        return {
            "type": self.TYPE,
            "epoch": self.epoch,
            "seq": self.seq,
            "full": self.full,
            "sent_ms": self.sent_ms,
            "quotes": rows,
        }

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "PriceBatch":
        quotes = tuple(WireQuote(*row) for row in payload["quotes"])
        return cls(payload["epoch"], payload["seq"], payload["full"], payload["sent_ms"], quotes)


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """The feed's heartbeat, group STATUS, once a FEED_HEARTBEAT and at each change of `feed`. Droppable.

    `seq` is that of the last batch sent, so that a lost last batch is noticed. `reason` says in a sentence why the
    feed is not live. `counters` holds received, merged, published, bad, older, reconnects.
    """

    epoch: str
    seq: int
    feed: str
    source: str
    reason: str = ""
    halted: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    counters: Mapping[str, int] = field(default_factory=dict)

    TYPE = "feed.status"

    def payload(self) -> dict[str, Any]:
        fields = asdict(self)
        return {"type": self.TYPE, **fields, "halted": list(self.halted), "silent": list(self.silent)}

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "FeedStatus":
        fields = {name: payload[name] for name in cls.__dataclass_fields__}
        fields["halted"] = tuple(fields["halted"])
        fields["silent"] = tuple(fields["silent"])
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class Resync:
    """A hub lost its place, group CONTROL: the feed answers with a full batch. Droppable: asked again until healed."""

    TYPE = "feed.resync"

    def payload(self) -> dict[str, Any]:
        return {"type": self.TYPE}


@dataclass(frozen=True, slots=True)
class TestQuote:
    """A staff member's test broadcast, group CONTROL: goes through the feed as a quote of source `test`.

    `price` and `change_24h` are decimal text. `exchange` is empty for the default exchange.
    """

    exchange: str
    symbol: str
    price: str
    change_24h: str | None

    TYPE = "feed.test_quote"
    __test__ = False  # pytest would collect the name

    def payload(self) -> dict[str, Any]:
        return {"type": self.TYPE, **asdict(self)}

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "TestQuote":
        return cls(payload["exchange"], payload["symbol"], payload["price"], payload["change_24h"])


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A durable event that already is a row, group STATUS, ALERTS or PRICES: wakes the web processes' listeners.

    `channel` is the django-eventstream channel, `id` the stored id, `data` JSON text. Alerts that are not for
    everybody have channels of their own (core/viewer) and cross the layer in the group ALERTS all the same. `row`
    rises from event to event whatever their channel.
    """

    channel: str
    id: int
    kind: str
    data: str
    row: int = 0

    TYPE = "event.stored"

    @property
    def group(self) -> str:
        return self.channel if self.channel in (STATUS, PRICES) else ALERTS

    def payload(self) -> dict[str, Any]:
        return {"type": self.TYPE, **asdict(self)}

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "StoredEvent":
        return cls(payload["channel"], payload["id"], payload["kind"], payload["data"], payload.get("row", 0))


@dataclass(frozen=True, slots=True)
class StoredEvents:
    """Many events of one group at once, oldest first: a burst of alerts would overfill the channels of those who hear.

    Each is a StoredEvent, with the same promise.
    """

    events: tuple[StoredEvent, ...]

    TYPE = "events.stored"

    def payload(self) -> dict[str, Any]:
        return {"type": self.TYPE, "events": [[e.channel, e.id, e.kind, e.data, e.row] for e in self.events]}

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "StoredEvents":
        return cls(tuple(StoredEvent(*fields) for fields in payload["events"]))
