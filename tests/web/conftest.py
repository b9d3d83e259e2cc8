"""A web process inside the test: its relay and the default symbols in the database; or a hub alone."""

from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async

from market.core.messages import FeedStatus
from market.defaults import create_default_symbols
from market.hub import Hub
from market.relay import Relay
from tests.support.batches import BTC, ETH, NOON, Clock


@pytest.fixture
async def relay(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Relay]:
    """This test's own relay, which the views take for the process's; it knows the default symbols."""
    await sync_to_async(create_default_symbols)()
    relay = Relay()
    monkeypatch.setattr("market.relay._relays", [relay])
    await relay.ready()
    yield relay
    await relay.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hub(clock: Clock) -> Hub:
    hub = Hub(heartbeat=20, clock=clock, wall=lambda: NOON)
    hub.watch([BTC, ETH])
    hub.hear(FeedStatus("k1", 0, "live", "simulator"))
    return hub
