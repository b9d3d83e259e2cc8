"""The board when the way to the server breaks: it never shows an old price as a new one, and comes back by itself."""

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.support.browser import Board
from tests.support.live import LiveServer
from tests.support.obstacles import Obstacles
from tests.support.services import wait_until

OpenBoard = Callable[..., Board]

IN_TIME = 3.0  # seconds after which old prices must look old
BACK = 60.0  # seconds; back-off and a busy machine
NOWHERE = "ws://127.0.0.1:9"


@pytest.fixture(scope="module")
def live() -> Iterator[LiveServer]:
    with LiveServer("--demo", feed="live") as server:
        yield server


@pytest.fixture
def hindered(live: LiveServer, open_board: OpenBoard) -> tuple[Board, Obstacles]:
    """A board behind obstacles, of which there are none yet."""
    board = open_board(live, path="/nowhere")
    obstacles = Obstacles(board.page)
    board.open()
    board.wait_for_state("LIVE · WebSocket")
    return board, obstacles


def seconds_until_stale(board: Board) -> float:
    began = time.monotonic()
    wait_until(lambda: board.is_stale, what="old prices to look old", deadline=30)
    return time.monotonic() - began


def test_it_goes_down_the_ladder_and_back_up(hindered: tuple[Board, Obstacles]) -> None:
    board, obstacles = hindered
    down = [("socket", "SSE"), ("events", "long poll"), ("long poll", "poll")]

    for way, next_way in down:
        obstacles.blocked.add(way)
        if way == "socket":
            obstacles.cut()
        else:
            board.open()  # streams that are open already are not ours to cut
        board.wait_for_state(f"LIVE · {next_way}", deadline=BACK)
        board.wait_for_move()
    board.screenshot("board-poll")
    obstacles.blocked.clear()

    board.wait_for_state("LIVE · WebSocket", deadline=BACK)
    board.wait_for_move()
    assert board.faults == []


def test_a_closed_connection_is_taken_up_again_without_a_sign_of_age(hindered: tuple[Board, Obstacles]) -> None:
    board, obstacles = hindered

    obstacles.cut(code=1012)
    board.wait_for_state("LIVE · WebSocket", deadline=BACK)
    board.wait_for_move()

    assert board.faults == []


def test_a_page_that_is_not_allowed_a_socket_uses_the_next_way(hindered: tuple[Board, Obstacles]) -> None:
    board, obstacles = hindered

    obstacles.cut(code=4403)

    board.wait_for_state("LIVE · SSE", deadline=BACK)


def test_a_line_that_falls_silent_is_noticed(hindered: tuple[Board, Obstacles]) -> None:
    board, obstacles = hindered
    board.wait_for_move()

    obstacles.mute = True
    assert seconds_until_stale(board) < IN_TIME + 1.5  # the last price may have come a moment before
    board.expect_notice("No connection to the server", "does not answer")
    obstacles.mute = False

    board.wait_for_state("LIVE · WebSocket", deadline=BACK)
    assert not board.is_stale


def test_a_device_that_goes_offline_says_so_and_comes_back(live: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(live)
    board.wait_for_state("LIVE · WebSocket")

    board.context.set_offline(True)
    assert seconds_until_stale(board) < IN_TIME
    board.expect_notice("This device is offline")
    board.screenshot("board-offline")
    board.context.set_offline(False)

    board.wait_for_state("LIVE · WebSocket", deadline=BACK)
    board.wait_for_move()
    assert board.faults == []


def test_a_frozen_server_is_seen_in_time(live: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(live)
    board.wait_for_state("LIVE · WebSocket")
    board.wait_for_move()

    os.kill(live.pid, signal.SIGSTOP)
    try:
        assert seconds_until_stale(board) < IN_TIME + 1.5
        assert board.state == "DISCONNECTED"
        assert not board.page.locator(".pill").evaluate("pill => pill.scrollWidth > pill.clientWidth")
    finally:
        os.kill(live.pid, signal.SIGCONT)

    board.wait_for_state("LIVE · WebSocket", deadline=BACK)
    assert board.faults == []


def test_a_killed_server_is_seen_in_time_and_followed_when_it_is_back(live: LiveServer, open_board: OpenBoard) -> None:
    board = open_board(live)
    board.wait_for_state("LIVE · WebSocket")

    live.kill()
    assert seconds_until_stale(board) < IN_TIME
    board.expect_notice("No connection to the server", "Next try in")
    board.screenshot("board-lost")
    live.start()

    board.wait_for_state("LIVE · WebSocket", deadline=BACK)
    board.wait_for_move()
    assert not board.is_stale
    assert board.faults == []


def test_an_exchange_that_cannot_be_reached_is_named_with_what_to_do(open_board: OpenBoard) -> None:
    env = {"BINANCE_STREAM_URL": NOWHERE, "BINANCE_REST_URL": "http://127.0.0.1:9"}
    with LiveServer(env=env) as server:
        board = open_board(server)

        board.expect_notice("No prices yet", "make demo", "The feed keeps trying")
        expect(board.page.locator("tbody tr")).to_have_count(16)
        assert board.mark("BTCUSDT") == "no data yet"
        assert not board.is_stale, "there is nothing that could be old"
        board.screenshot("board-down")
        assert board.objections == []
