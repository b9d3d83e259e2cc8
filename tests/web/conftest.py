"""A web process inside the test: its relay, its hub, and the default symbols in the database."""

from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async

from market.defaults import create_default_symbols
from market.relay import Relay


@pytest.fixture
async def relay(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Relay]:
    """This test's own relay, which the views take for the process's; it knows the default symbols."""
    await sync_to_async(create_default_symbols)()
    relay = Relay()
    monkeypatch.setattr("market.relay._relays", [relay])
    await relay.ready()
    yield relay
    await relay.stop()
