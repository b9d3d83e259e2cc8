"""The real recordings, which lie beside the checkout and are not part of it."""

from pathlib import Path

import pytest

from tests.support.services import recording


@pytest.fixture
def real_burst() -> Path:
    """Ten recorded seconds of BTCUSDT and ETHUSDT, 4,047 messages."""
    return recording("binance_spot_20240808_btc_eth_burst_10s.jsonl")
