"""The hub and its feed: lost batches, another start, silence."""

from market.core.messages import FeedStatus
from market.hub import Hub
from tests.support.batches import ETH, Clock, batch, quote, settle
from tests.support.reader import Reader


async def test_a_lost_batch_is_noticed_and_a_full_one_heals_it(hub: Hub) -> None:
    reader = Reader(hub).connect()
    assert hub.apply(batch(1, quote("100"), full=True))

    assert not hub.apply(batch(3, quote("7", ETH)))
    assert hub.apply(batch(4, quote("102", at=2), quote("7", ETH), full=True))
    await settle()

    assert reader.shown["BTCUSDT"]["price"] == 102


async def test_a_lost_last_batch_is_noticed_by_the_heartbeat(hub: Hub) -> None:
    hub.apply(batch(1, quote("100"), full=True))

    assert hub.hear(FeedStatus("k1", 1, "live", "simulator"))
    assert not hub.hear(FeedStatus("k1", 2, "live", "simulator"))


async def test_another_start_of_the_feed_goes_on_without_a_step_back(hub: Hub) -> None:
    hub.apply(batch(7, quote("100", at=50), quote("5", ETH), full=True))
    reader = Reader(hub).connect()

    hub.apply(batch(1, quote("99", at=10), epoch="k2", full=True))
    await settle()
    assert reader.shown["BTCUSDT"]["price"] == 100
    assert not reader.went_back
    hub.apply(batch(2, quote("101", at=60), epoch="k2"))
    await settle()

    assert reader.shown["BTCUSDT"]["price"] == 101
    assert reader.shown["ETHUSDT"]["price"] == 5
    assert str(reader.cursor) == "k2:2"


async def test_words_of_a_replaced_feed_are_ignored(hub: Hub) -> None:
    hub.apply(batch(1, quote("100"), epoch="k2", full=True))

    hub.apply(batch(900, quote("1", at=99), epoch="k1", full=True))

    assert hub.read(None, None).quotes[0].numbers["price"] == "100"
    assert hub.cursor == "k2:1"


async def test_a_test_quote_is_passed_on_and_never_held(hub: Hub) -> None:
    hub.apply(batch(1, quote("100")))
    reader = Reader(hub).connect()

    hub.apply(batch(2, quote("95000", source="test", at=5)))
    await settle()

    assert reader.messages[-1]["data"][0]["source"] == "test"
    assert hub.read(None, None).quotes[0].numbers["price"] == "100"


async def test_the_silent_feed_is_stale_within_three_seconds_and_then_down(hub: Hub, clock: Clock) -> None:
    reader = Reader(hub).connect()

    for _ in range(40):
        clock.now += 0.5
        hub.tick()
        if clock.now == 1003.0:
            assert hub.state.feed == "stale"

    assert [m["feed"] for m in reader.messages if m["type"] == "status"] == ["live", "stale", "down"]


async def test_the_feed_that_speaks_again_is_live_at_once(hub: Hub, clock: Clock) -> None:
    clock.now += 60
    hub.tick()

    hub.hear(FeedStatus("k1", 0, "live", "simulator"))

    assert hub.state.feed == "live"


async def test_prices_of_an_earlier_run_are_shown_until_newer_ones_come(hub: Hub) -> None:
    hub.remember(batch(40, quote("90"), epoch="old"))
    reader = Reader(hub).connect()
    assert reader.shown["BTCUSDT"]["price"] == 90

    hub.apply(batch(1, quote("100", at=1), full=True))
    await settle()

    assert reader.shown["BTCUSDT"]["price"] == 100
