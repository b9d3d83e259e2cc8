"""Every message between the feed and the web processes, with its group and its promise.

PriceBatch, FeedStatus and ProcessReport may be lost: the next one heals (whole quotes, a cursor, a heartbeat).
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
# What processes say of themselves, to every web process.
REPORTS = "reports"

# The exchange that a bare symbol name means.
DEFAULT_EXCHANGE = "binance"

LIVE, DELAYED, STALE, DOWN = "live", "delayed", "stale", "down"

# The feed says something at least this often (seconds), so that silence means something.
FEED_HEARTBEAT = 1.0


@dataclass(frozen=True, slots=True)
class Stamp:
    """Of the change that waited longest for its batch; microseconds. One for a batch, however many quotes it holds.

    `waited` is how long the feed had it when it left, `age` the same since its event at the exchange (None: nobody
    knows), `sent_us` the feed's wall clock then.
    """

    waited: int
    age: int | None
    sent_us: int


@dataclass(frozen=True, slots=True)
class PriceBatch:
    """One flush of the feed, group PRICES. Droppable, ordered by `seq` within `epoch`.

    `full` means: everything the feed knows, so nothing before it is needed. `sent_ms` is the feed's wall clock.
    `stamp` is None where nothing in it is new.
    """

    epoch: str
    seq: int
    full: bool
    sent_ms: int
    quotes: tuple[WireQuote, ...]
    stamp: Stamp | None = None

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
            "stamp": None if self.stamp is None else [self.stamp.waited, self.stamp.age, self.stamp.sent_us],
        }

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "PriceBatch":
        quotes = tuple(WireQuote(*row) for row in payload["quotes"])
        stamp = payload.get("stamp")  # an earlier version has none
        return cls(
            payload["epoch"],
            payload["seq"],
            payload["full"],
            payload["sent_ms"],
            quotes,
            None if stamp is None else Stamp(*stamp),
        )


@dataclass(frozen=True, slots=True)
class CandleText:
    """The candle of one symbol as clients get it: `text` is a JSON object with exact numbers (core/candle)."""

    exchange: str
    symbol: str
    interval: str
    text: str


@dataclass(frozen=True, slots=True)
class CandleBatch:
    """Candles that changed or closed, group PRICES, at most once a second and at once when some closed. Droppable:

    the next one holds the open candle anew, and closed ones are rows.
    """

    epoch: str
    source: str
    candles: tuple[CandleText, ...]

    TYPE = "candles.batch"

    def payload(self) -> dict[str, Any]:
        rows = [[each.exchange, each.symbol, each.interval, each.text] for each in self.candles]
        return {"type": self.TYPE, "epoch": self.epoch, "source": self.source, "candles": rows}

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "CandleBatch":
        return cls(payload["epoch"], payload["source"], tuple(CandleText(*row) for row in payload["candles"]))


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


# A process says how it is this often (seconds).
REPORT_EVERY = 2.0


@dataclass(frozen=True, slots=True)
class ProcessReport:
    """What a process measured of itself, group REPORTS, every REPORT_EVERY seconds. Droppable.

    `role` is feed or web, `name` tells processes apart, `machine` their hosts: clocks of one machine agree. `counts`
    are since the start, `rates` per second of the last minute, `levels` as of now. `hops` maps names of core/hop to
    [count, p50, p99] of the last minutes (µs, -1 for nothing), and `points` to the same of each slot, the oldest first.
    `clock` is what the exchange's clock is ahead of ours and by how much that may be wrong, in µs, None where it is not
    measured.
    """

    role: str
    name: str
    machine: str
    started_ms: int
    counts: Mapping[str, int]
    rates: Mapping[str, float]
    levels: Mapping[str, int]
    hops: Mapping[str, list[int]]
    points: Mapping[str, list[list[int]]] = field(default_factory=dict)
    clock: list[int] | None = None

    TYPE = "process.report"

    def payload(self) -> dict[str, Any]:
        return {"type": self.TYPE, **{name: getattr(self, name) for name in self.__dataclass_fields__}}

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "ProcessReport":
        return cls(**{name: payload[name] for name in cls.__dataclass_fields__})


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
