"""What clients are sent, word for word: tests/js reads the same files, so the two sides cannot drift apart."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from market.core import display
from market.core.dialect import WEBSOCKET, FeedWords
from market.core.line import NEVER, Line
from market.core.quote import Quote
from market.core.wire import WireQuote

MESSAGES = Path(__file__).resolve().parents[1] / "support/messages"
NOON = 1_768_046_400_123  # 2026-01-10T12:00:00.123Z
BEFORE = "mk8u5a7c0:1201"
CURSOR = "mk8u5a7c0:1202"

BITCOIN = Quote(
    exchange="binance",
    symbol="BTCUSDT",
    source="binance",
    time_ms=NOON,
    numbers={
        "price": Decimal("61828.02000000"),
        "change_24h": Decimal("-0.016"),
        "open_24h": Decimal("61837.63000000"),
        "high_24h": Decimal("61837.63000000"),
        "low_24h": Decimal("61828.01000000"),
        "volume_24h": Decimal("123456789012.12345678"),
        "quote_volume_24h": Decimal("14025.27309250"),
        "bid": Decimal("61828.01000000"),
        "ask": Decimal("61828.02000000"),
    },
)
SMALL = Quote(
    exchange="binance",
    symbol="币安人生USDT",
    source="simulator",
    time_ms=NOON + 1,
    numbers={"price": Decimal("1E-8"), "change_24h": Decimal("0.000")},
)
TEST = Quote(
    exchange="binance",
    symbol="BTCUSDT",
    source="test",
    time_ms=NOON + 2,
    numbers={"price": Decimal("95000"), "change_24h": Decimal("2.5")},
)


def whole(quote: Quote) -> bytes:
    return WireQuote.of(quote).json().encode()


def changed_price_only() -> bytes:
    """What a reader of batch 1 is told when batch 2 moved the price alone."""
    line = Line(WireQuote.of(BITCOIN), 1)
    moved = Quote("binance", "BTCUSDT", "binance", NOON + 500, {**BITCOIN.numbers, "price": Decimal("61828.03")})
    line.update(WireQuote.of(moved), 2)
    assert line.text(NEVER) != line.text(1)
    return line.text(1)


def update(*quotes: bytes) -> bytes:
    return WEBSOCKET.update(WEBSOCKET.opening(CURSOR, BEFORE, NOON), quotes)


SAMPLES: dict[str, Callable[[], bytes]] = {
    "connected": lambda: WEBSOCKET.connected(20, NOON),
    "status_live": lambda: WEBSOCKET.status(FeedWords("live", "binance"), NOON),
    "status_down": lambda: WEBSOCKET.status(
        FeedWords("down", "binance", "HTTP 451 from the exchange", ("LTCUSDT",), ("POLUSDT",)), NOON
    ),
    "snapshot": lambda: WEBSOCKET.snapshot(CURSOR, NOON, [whole(BITCOIN), whole(SMALL)]),
    "price_update": lambda: update(changed_price_only()),
    "test_broadcast": lambda: update(whole(TEST)),
    "symbols": lambda: WEBSOCKET.symbols(["SOLUSDT"], ["币安人生USDT"], NOON),
    "heartbeat": lambda: WEBSOCKET.heartbeat(CURSOR, NOON),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_says_exactly_what_the_page_is_tested_with(name: str) -> None:
    expected = (MESSAGES / f"{name}.json").read_bytes().rstrip(b"\n")

    said = SAMPLES[name]()

    assert said == expected


def test_every_sample_is_made_here() -> None:
    files = {path.stem for path in MESSAGES.glob("*.json")}

    assert files == {*SAMPLES, "display"}


def display_cases() -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((MESSAGES / "display.json").read_text(encoding="utf-8"))
    return cases


@pytest.mark.parametrize("case", display_cases())
def test_numbers_look_as_they_do_in_the_browser(case: dict[str, Any]) -> None:
    form, text = case["form"], case["text"]
    written = {
        "price": lambda: display.price(text, case.get("digits")),
        "percent": lambda: display.percent(text),
        "volume": lambda: display.volume(text, case.get("language", "en")),
    }[form]()

    assert written == case["shown"].replace(" ", display.THIN_SPACE)
