"""Whatever the interleaving, each viewer gets each alert it may see exactly once, and none that it may not."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import hypothesis.strategies as st
from hypothesis import given, settings

from market.alert_lane import Missed
from market.core.alert_log import AlertLog, HeldAlert
from market.core.messages import StoredEvent
from market.core.viewer import NOBODY, Viewer
from market.hub import Hub
from tests.support.alert_events import AlertStore
from tests.support.reader import Reader

VIEWERS = [NOBODY, Viewer(1), Viewer(2), Viewer(3, is_staff=True)]
AUDIENCES = [("everyone", None), ("signed_in", None), ("staff", None), ("owner", 1), ("owner", 3)]

ALERT = st.sampled_from(AUDIENCES)
READER = st.integers(0, 5)
STEP = st.one_of(
    st.tuples(st.just("tell"), ALERT),
    st.tuples(st.just("begin digest"), ALERT),
    st.tuples(st.just("end digest"), st.none()),
    st.tuples(st.just("join"), st.tuples(st.sampled_from(VIEWERS), st.booleans())),
    st.tuples(st.sampled_from(["stall", "drain", "cut", "return"]), READER),
    st.tuples(st.just("breathe"), st.none()),
)
LOSS = st.tuples(st.just("lose"), ALERT)


class Client(Reader):
    """Comes back with the id of the last alert that it got. A narrow one is full after each write."""

    def __init__(self, hub: Hub, viewer: Viewer, narrow: bool, last: int) -> None:
        super().__init__(hub)
        self.viewer, self.narrow, self.last = viewer, narrow, last
        self.got: list[list[int]] = []  # on each connection

    def follow(self) -> None:
        self.got.append([])
        self.connect()
        assert self.member is not None
        self.hub.alerts.join(self.member.alerts, self._who(), self.last)

    async def _who(self) -> Viewer:
        await asyncio.sleep(0)
        return self.viewer

    def write(self, frame: bytes, /) -> None:
        super().write(frame)
        message = self.messages[-1]
        if message["type"] == "alert":
            self.last = int(message["alert"]["id"])
            self.got[-1].append(self.last)
        if self.narrow:
            self.stall()


class World:
    """Rows that lose nothing, a layer that may, a hub that keeps little, and clients that come and go."""

    def __init__(self, kept: int) -> None:
        self.hub = Hub(heartbeat=20, clock=lambda: 0.0, wall=lambda: 0)
        self.hub.alerts.log = AlertLog(kept)
        self.hub.alerts.read_rows = self.read_rows
        self.rows = AlertStore()
        self.numbers: list[int] = []  # of the alerts, as stored
        self.audience: dict[int, tuple[str, int | None]] = {}
        self.digests: list[int] = []
        self.clients: list[tuple[Client, int]] = []  # each with how many were stored when it came first

    async def read_rows(self, viewer: Viewer, since: int) -> Missed:
        await asyncio.sleep(0)
        told = [(number, event) for number, event in zip(self.numbers, self.rows.events, strict=True)]
        place = self.numbers.index(since) + 1 if since in self.numbers else 0
        mine = [(number, event) for number, event in told[place:] if event.channel in viewer.channels]
        held = [HeldAlert(number, event.channel, event.data.encode()) for number, event in mine]
        await asyncio.sleep(0)
        return Missed(held)

    async def do(self, what: str, which: object) -> None:
        match what, which:
            case "tell" | "begin digest" | "lose", (str(audience), owner):
                assert owner is None or isinstance(owner, int)
                number = len(self.audience) + 1
                self.audience[number] = (audience, owner)
                if what == "begin digest":
                    self.digests.append(number)
                else:
                    self.tell(number, lost=what == "lose")
            case "end digest", _ if self.digests:
                self.tell(self.digests.pop(0))
            case "join", (Viewer() as viewer, bool(narrow)):
                client = Client(self.hub, viewer, narrow, self.numbers[-1] if self.numbers else 0)
                self.clients.append((client, len(self.numbers)))
                client.follow()
            case "breathe", _:
                await asyncio.sleep(0)
            case _, int(index) if self.clients:
                self.trouble(what, self.clients[index % len(self.clients)][0])

    def tell(self, number: int, *, lost: bool = False) -> None:
        event = self.rows.alert(number, *self.audience[number])
        self.numbers.append(number)
        if not lost:
            self.hub.alerts.hear(event)

    def find_lost(self) -> None:
        """As the relay does every few seconds."""
        arrivals = self.hub.alerts.arrivals
        behind = arrivals.behind(self.rows.places)
        missing: Sequence[StoredEvent] = [e for e in self.rows.events if e.id > behind.get(e.channel, e.id)]
        for event in missing:
            self.hub.alerts.hear(event)
        assert not arrivals.behind(self.rows.places) and not arrivals.gaps

    def trouble(self, what: str, client: Client) -> None:
        match what:
            case "stall":
                client.stall()
            case "drain":
                client.drain()
            case "cut":
                client.disconnect()
            case "return" if client.member is None:
                client.follow()

    async def settle(self) -> None:
        self.find_lost()
        for client, _ in self.clients:
            if client.member is None:
                client.follow()
        for _ in range(2 * len(self.numbers) + 20):
            await asyncio.sleep(0)
            for client, _ in self.clients:
                client.drain()

    def check(self, *, once: bool) -> None:
        """None forbidden, none missing, none twice on a connection; with `once` none twice at all."""
        for client, since in self.clients:
            stored = zip(self.numbers, self.rows.events, strict=True)
            mine = [number for number, event in stored if event.channel in client.viewer.channels]
            owed = [number for number in self.numbers[since:] if number in mine]
            came = Counter(number for connection in client.got for number in connection)
            assert set(owed) <= set(came) <= set(mine)
            assert all(len(connection) == len(set(connection)) for connection in client.got)
            assert not once or max(came.values(), default=1) == 1


def run(steps: list[tuple[str, object]], *, kept: int, once: bool) -> None:
    async def live() -> None:
        world = World(kept)
        for what, which in steps:
            await world.do(what, which)
        await world.settle()
        world.check(once=once)
        for client, _ in world.clients:
            client.disconnect()
        await asyncio.sleep(0)

    asyncio.run(live())


@settings(max_examples=200)
@given(st.lists(STEP, max_size=60), st.sampled_from([2, 5, 500]))
def test_each_viewer_gets_each_of_its_alerts_exactly_once(steps: list[tuple[str, object]], kept: int) -> None:
    run(steps, kept=kept, once=True)


@settings(max_examples=100)
@given(st.lists(st.one_of(STEP, LOSS), max_size=60))
def test_what_the_layer_loses_is_found_and_told(steps: list[tuple[str, object]]) -> None:
    """Who comes back may get one again that another process told in another order; it has the same id."""
    run(steps, kept=500, once=False)
