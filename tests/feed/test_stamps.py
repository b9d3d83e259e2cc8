"""The stamp of a batch: that of the change which waited longest, whatever happens to the batch."""

from decimal import Decimal

import pytest

from market.core.messages import PriceBatch, Stamp
from market.core.quote import Quote
from market.flush import Flusher
from market.publish import Publisher
from tests.support.batches import Clock


class Channel(Publisher):
    """Keeps the batches; while `away` it takes none."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.batches: list[PriceBatch] = []

    async def batch(self, batch: PriceBatch) -> bool:
        if not self.away:
            self.batches.append(batch)
        return not self.away


class House:
    """A flusher by a clock of the test's own; `stamped` are the stamps of batches that left."""

    def __init__(self) -> None:
        self.channel, self.clock = Channel(), Clock()
        self.stamped: list[Stamp] = []
        self.flusher = Flusher(
            self.channel, epoch="k3f9", clock=self.clock, stamp=self._stamp, on_stamped=self.stamped.append
        )

    def offer(self, symbol: str, *, time_ms: int | None = None) -> None:
        quote = Quote("binance", symbol, "simulator", 1, {"price": Decimal(int(self.clock.now * 10))})
        self.flusher.offer(quote, time_ms)

    def _stamp(self, since: float, time_ms: int | None) -> Stamp:
        return Stamp(round((self.clock.now - since) * 1e6), time_ms, round(self.clock.now * 1e6))


@pytest.fixture
def house() -> House:
    return House()


async def test_the_change_that_waited_longest_is_timed(house: House) -> None:
    house.offer("BTCUSDT", time_ms=1)
    house.clock.now += 0.06
    house.offer("ETHUSDT", time_ms=2)
    house.offer("BTCUSDT", time_ms=3)
    house.clock.now += 0.04

    await house.flusher.flush()
    house.offer("ETHUSDT", time_ms=4)
    house.clock.now += 0.01
    await house.flusher.flush()

    assert [(stamp.waited, stamp.age) for stamp in house.stamped] == [(100_000, 1), (10_000, 4)]
    assert [batch.stamp for batch in house.channel.batches] == house.stamped


async def test_what_could_not_leave_goes_on_waiting(house: House) -> None:
    house.offer("BTCUSDT", time_ms=1)
    house.channel.away = True
    await house.flusher.flush()
    house.clock.now += 5
    house.offer("BTCUSDT", time_ms=2)
    house.channel.away = False
    await house.flusher.flush()

    assert [(stamp.waited, stamp.age) for stamp in house.stamped] == [(5_000_000, 1)]


async def test_a_batch_without_news_has_no_stamp(house: House) -> None:
    house.offer("BTCUSDT")
    await house.flusher.flush()
    house.flusher.resync()
    await house.flusher.flush()
    house.flusher.test(Quote("binance", "BTCUSDT", "test", 1, {"price": Decimal(1)}))
    await house.flusher.flush()

    assert [batch.stamp is None for batch in house.channel.batches] == [False, True, True]


async def test_a_symbol_that_is_watched_no_longer_does_not_wait(house: House) -> None:
    house.offer("BTCUSDT")
    house.flusher.drop("binance", "BTCUSDT")
    house.clock.now += 60
    house.offer("ETHUSDT")
    await house.flusher.flush()

    assert house.stamped[0].waited == 0


def test_a_batch_crosses_the_layer_with_its_stamp_and_an_earlier_version_without() -> None:
    batch = PriceBatch("k3f9", 1, True, 5, (), Stamp(100, None, 1_700_000_000_000_000))
    payload = batch.payload()

    assert PriceBatch.of(payload) == batch
    del payload["stamp"]
    assert PriceBatch.of(payload).stamp is None
