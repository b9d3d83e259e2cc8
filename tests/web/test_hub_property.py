"""Whatever the interleaving, each client ends with the newest of its symbols and never saw one go back."""

import asyncio

import hypothesis.strategies as st
from hypothesis import given, settings

from market.core.messages import FeedStatus, PriceBatch
from market.core.wire import WireQuote
from market.hub import Hub
from tests.support.reader import Reader

SYMBOLS = [("binance", name) for name in ("BTCUSDT", "ETHUSDT", "币安人生USDT")]
KEYS = st.one_of(st.none(), st.frozensets(st.sampled_from(SYMBOLS)))

# One step of the world: prices move, the layer loses a batch, the feed starts anew, readers come, stall, drain, go.
STEP = st.one_of(
    st.tuples(st.just("tick"), st.lists(st.sampled_from(range(3)), min_size=1, max_size=3)),
    st.tuples(st.just("lose"), st.lists(st.sampled_from(range(3)), min_size=1, max_size=3)),
    st.tuples(st.just("restart"), st.none()),
    st.tuples(st.just("join"), KEYS),
    st.tuples(st.sampled_from(["stall", "drain", "cut", "return"]), st.integers(0, 5)),
    st.tuples(st.just("breathe"), st.none()),
)


class World:
    """A feed that knows everything, a layer that may lose, a hub, and readers with a memory."""

    def __init__(self) -> None:
        self.hub = Hub(heartbeat=20, clock=lambda: 0.0, wall=lambda: 0)
        self.hub.watch(SYMBOLS)
        self.newest: dict[tuple[str, str], WireQuote] = {}
        self.older: dict[tuple[str, str], WireQuote] = {}
        self.readers: list[Reader] = []
        self.time = 0
        self.seq = 0
        self.epoch = 1

    async def do(self, what: str, which: object) -> None:
        match what, which:
            case "tick" | "lose", list(indexes):
                self.publish(indexes, lost=what == "lose")
            case "restart", _:
                # A new feed's first words may be older than what the hub holds.
                self.epoch, self.seq = self.epoch + 1, 1
                self.hub.apply(PriceBatch(f"k{self.epoch:03d}", 1, False, 0, tuple(self.older.values())))
                await asyncio.sleep(0)
                self.heal()
            case "join", keys:
                assert keys is None or isinstance(keys, frozenset)
                self.readers.append(Reader(self.hub, keys).connect())
            case "breathe", _:
                await asyncio.sleep(0)
            case _, int(index) if self.readers:
                self.trouble(what, self.readers[index % len(self.readers)])

    def publish(self, indexes: list[int], *, lost: bool) -> None:
        for index in indexes:
            self.time += 1
            exchange, symbol = key = SYMBOLS[index]
            if key in self.newest:
                self.older[key] = self.newest[key]
            numbers = {
                "price": str(self.time),
                "change_24h": "0",
                "bid": str(self.time // 3),
                "ask": str(self.time // 5),
            }
            self.newest[key] = WireQuote(exchange, symbol, "simulator", self.time, numbers)
        self.seq += 1
        quotes = tuple(self.newest[SYMBOLS[index]] for index in set(indexes))
        if not lost and not self.hub.apply(PriceBatch(f"k{self.epoch:03d}", self.seq, False, 0, quotes)):
            self.heal()

    def heal(self) -> None:
        self.seq += 1
        self.hub.apply(PriceBatch(f"k{self.epoch:03d}", self.seq, True, 0, tuple(self.newest.values())))

    def trouble(self, what: str, reader: Reader) -> None:
        match what:
            case "stall":
                reader.stall()
            case "drain":
                reader.drain()
            case "cut":
                reader.disconnect()
            case "return" if reader.member is None:
                reader.connect()

    async def settle(self) -> None:
        """The heartbeat finds what was lost; everybody reads on."""
        if not self.hub.hear(FeedStatus(f"k{self.epoch:03d}", self.seq, "live", "simulator")):
            self.heal()
        for reader in self.readers:
            reader.drain()
            if reader.member is None:
                reader.connect()
        await asyncio.sleep(0)
        await asyncio.sleep(0)


@settings(max_examples=200, deadline=None)
@given(st.lists(STEP, max_size=60))
def test_each_client_ends_with_the_newest_of_its_symbols(steps: list[tuple[str, object]]) -> None:
    async def live() -> None:
        world = World()
        for what, which in steps:
            await world.do(what, which)
        await world.settle()
        for reader in world.readers:
            assert not reader.went_back
            wanted = SYMBOLS if reader.wish.keys is None else reader.wish.keys
            for key in wanted:
                held, shown = world.newest.get(key), reader.shown.get(key[1])
                assert (held is None) == (shown is None)
                if held is not None and shown is not None:
                    assert {name: str(shown[name]) for name in held.numbers} == dict(held.numbers)

    asyncio.run(live())
