"""Recorded Binance traffic, replayed through a real socket, reaches a real browser as it was recorded."""

import gzip
import json
from collections.abc import Callable
from decimal import Decimal
from itertools import islice
from pathlib import Path

from playwright.sync_api import expect

from tests.support.browser import Board
from tests.support.live import LiveServer
from tests.support.services import recording

OpenBoard = Callable[..., Board]

NAME = "binance_spot_20240808_btc_eth_trade_bookticker_650s.jsonl.gz"
MESSAGES_READ = 40_000  # of 166,351: the first minutes
MOVES_SEEN = 5


def recorded_prices(path: Path, stream: str) -> set[Decimal]:
    """Every price that was traded in the first minutes."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        messages = (json.loads(line)["msg"] for line in islice(lines, MESSAGES_READ) if stream in line)
        return {Decimal(message["data"]["p"]) for message in messages}


def test_prices_of_a_recording_are_shown_as_they_were_traded(open_board: OpenBoard) -> None:
    path = recording(NAME)
    traded = {symbol: recorded_prices(path, f"{symbol.lower()}@trade") for symbol in ("BTCUSDT", "ETHUSDT")}

    with LiveServer("--demo", "--replay", str(path), "--speed", "1", feed="live") as server:
        board = open_board(server)
        board.wait_for_state("LIVE · WebSocket")
        expect(board.page.locator("[data-source-note]:visible")).to_contain_text("REPLAY")

        seen: dict[str, set[Decimal]] = {"BTCUSDT": set(), "ETHUSDT": set()}
        for _ in range(MOVES_SEEN):
            board.wait_for_move()
            for symbol, prices in seen.items():
                prices.add(Decimal(board.price(symbol)))

        assert board.symbols == ["BTCUSDT", "ETHUSDT"]
        for symbol, prices in seen.items():
            assert prices <= traded[symbol]
        assert board.cell("BTCUSDT", "at").inner_text() == "now"
        board.screenshot("board-replay")
        assert board.objections == []
