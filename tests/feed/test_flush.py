"""When a batch leaves, what is in it, and what follows when it cannot leave."""

import asyncio
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.core.messages import PriceBatch
from market.core.quote import Quote
from market.flush import Flusher, FlushPace
from market.publish import Publisher
from tests.support.exchange import until

QUICK = FlushPace(window=0.02, retry=0.02, full_every=0.05)


class Channel(Publisher):
    """Keeps the batches; while `away` it takes none, as a layer whose server is dead."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.refused = 0
        self.batches: list[PriceBatch] = []

    async def batch(self, batch: PriceBatch) -> bool:
        await asyncio.sleep(0)
        if self.away:
            self.refused += 1
        else:
            self.batches.append(batch)
        return not self.away


def quote(symbol: str, price: int) -> Quote:
    return Quote("binance", symbol, "simulator", price, {"price": Decimal(price)})


def flusher(channel: Channel, pace: FlushPace = QUICK) -> Flusher:
    return Flusher(channel, epoch="k3f9", pace=pace)


def prices(batch: PriceBatch) -> dict[str, str]:
    return {each.symbol: each.numbers["price"] for each in batch.quotes}


async def test_changes_leave_in_numbered_batches_the_first_of_them_full() -> None:
    channel = Channel()
    flushing = flusher(channel)

    flushing.offer(quote("BTCUSDT", 1))
    await flushing.flush()
    flushing.offer(quote("ETHUSDT", 2))
    await flushing.flush()
    await flushing.flush()

    assert [(batch.epoch, batch.seq, batch.full) for batch in channel.batches] == [
        ("k3f9", 1, True),
        ("k3f9", 2, False),
    ]
    assert prices(channel.batches[1]) == {"ETHUSDT": "2"}
    assert flushing.published == 2


async def test_a_burst_leaves_as_its_first_and_its_last_price() -> None:
    channel = Channel()
    flushing = flusher(channel)
    running = asyncio.create_task(flushing.run())
    for price in range(1, 50):
        flushing.offer(quote("BTCUSDT", price))
        if price == 1:
            await until(lambda: channel.batches)

    await until(lambda: len(channel.batches) == 2)
    running.cancel()

    assert [prices(batch) for batch in channel.batches] == [{"BTCUSDT": "1"}, {"BTCUSDT": "49"}]
    assert flushing.merged == 47


async def test_after_a_failure_the_next_batch_holds_everything() -> None:
    channel = Channel()
    flushing = flusher(channel)
    flushing.offer(quote("BTCUSDT", 1))
    await flushing.flush()
    channel.away = True
    running = asyncio.create_task(flushing.run())
    flushing.offer(quote("ETHUSDT", 2))
    await until(lambda: channel.refused > 2)
    assert flushing.seq == 1

    channel.away = False
    await until(lambda: len(channel.batches) == 2)
    running.cancel()

    assert channel.batches[1].full
    assert prices(channel.batches[1]) == {"BTCUSDT": "1", "ETHUSDT": "2"}
    assert channel.batches[1].seq == flushing.seq > 3


async def test_many_who_lost_their_place_get_one_batch() -> None:
    channel = Channel()
    flushing = flusher(channel, FlushPace(window=0, full_every=0.3))
    running = asyncio.create_task(flushing.run())
    flushing.offer(quote("BTCUSDT", 1))
    await until(lambda: channel.batches)

    began = asyncio.get_running_loop().time()
    for _ in range(20):
        flushing.resync()
        await asyncio.sleep(0.001)
    await until(lambda: len(channel.batches) == 2)
    waited = asyncio.get_running_loop().time() - began
    await asyncio.sleep(0.05)
    running.cancel()

    assert [batch.full for batch in channel.batches] == [True, True]
    assert waited >= 0.2


async def test_who_asks_before_there_is_a_price_waits_for_the_first() -> None:
    channel = Channel()
    flushing = flusher(channel)
    running = asyncio.create_task(flushing.run())

    flushing.resync()
    await asyncio.sleep(0.05)
    assert channel.batches == []
    flushing.offer(quote("BTCUSDT", 1))
    await until(lambda: channel.batches)
    running.cancel()

    assert [batch.full for batch in channel.batches] == [True]


async def test_a_test_quote_leaves_by_itself_and_is_not_kept() -> None:
    channel = Channel()
    flushing = flusher(channel)
    flushing.offer(quote("BTCUSDT", 1))
    await flushing.flush()

    flushing.test(Quote("binance", "BTCUSDT", "test", 5, {"price": Decimal("95000")}))
    await flushing.flush()

    assert [(each.source, each.numbers["price"]) for each in channel.batches[1].quotes] == [("test", "95000")]
    assert prices(flushing.everything()) == {"BTCUSDT": "1"}


def test_a_test_quote_that_json_cannot_say_is_refused() -> None:
    with pytest.raises(ValueError, match="not a JSON number"):
        flusher(Channel()).test(Quote("binance", "BTCUSDT", "test", 5, {"price": Decimal("NaN")}))


async def test_a_dropped_symbol_is_in_no_full_batch() -> None:
    flushing = flusher(Channel())
    flushing.offer(quote("BTCUSDT", 1))
    await flushing.flush()
    flushing.offer(quote("BTCUSDT", 2))

    flushing.drop("binance", "BTCUSDT")
    await flushing.flush()

    assert flushing.everything().quotes == ()


SYMBOLS = ["BTCUSDT", "ETHUSDT", "币安人生USDT"]
STEPS = st.lists(st.sampled_from([*SYMBOLS, "flush", "away", "back", "resync", "test"]), max_size=60)


class Hub:
    """What a web process makes of the batches: it follows numbers, and asks when one is missing."""

    def __init__(self) -> None:
        self.seq = 0
        self.seen: dict[str, list[int]] = {symbol: [] for symbol in SYMBOLS}

    def take(self, batch: PriceBatch) -> bool:
        """False for a gap."""
        whole = batch.full or batch.seq == self.seq + 1
        assert batch.seq > self.seq
        self.seq = batch.seq
        for each in batch.quotes:
            if each.source != "test":
                self.seen[each.symbol].append(each.time_ms)
        return whole


async def play(steps: list[str]) -> tuple[dict[str, int], Hub]:
    channel, hub = Channel(), Hub()
    flushing = flusher(channel, FlushPace(window=0, retry=0, full_every=0))
    newest: dict[str, int] = {}
    for number, step in enumerate([*steps, "back", "flush", "flush"], start=1):
        if step in SYMBOLS:
            newest[step] = number
            flushing.offer(quote(step, number))
        elif step == "resync":
            flushing.resync()
        elif step == "test":
            flushing.test(Quote("binance", SYMBOLS[0], "test", number, {"price": Decimal(number)}))
        elif step == "flush":
            await flushing.flush()
        else:
            channel.away = step == "away"
        while channel.batches:
            assert hub.take(channel.batches.pop(0)), "a gap that no full batch covers"
    return newest, hub


@given(STEPS)
def test_whatever_fails_the_other_side_ends_with_the_newest(steps: list[str]) -> None:
    newest, hub = asyncio.run(play(steps))

    assert {symbol: times[-1] for symbol, times in hub.seen.items() if times} == newest
    assert all(times == sorted(times) for times in hub.seen.values())
