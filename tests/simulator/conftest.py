"""The real recordings, which lie beside the checkout and are not part of it."""

import os
from pathlib import Path

import pytest

RECORDINGS = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture
def real_burst() -> Path:
    """Ten recorded seconds of BTCUSDT and ETHUSDT, 4,047 messages."""
    path = RECORDINGS / "binance_spot_20240808_btc_eth_burst_10s.jsonl"
    if not path.exists():
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail(f"the recording is missing: {path.name}")
        pytest.skip(f"the recording is not here: {path.name}")
    return path
