"""Frames in, ticks out: bad ones are counted and mentioned, and hurt nothing."""

import logging

import pytest

from market.core.tick import Tick
from market.exchanges.base import Control
from market.exchanges.binance import Binance
from market.exchanges.intake import Intake
from tests.support.frames import SHUTDOWN, combined, ticker, ticker_fields


def intake(heard: list[Tick]) -> Intake:
    return Intake(Binance(), on_tick=heard.append, log_every=1.0)


def test_a_price_goes_to_the_listener() -> None:
    heard: list[Tick] = []
    door = intake(heard)

    assert door.take(ticker(), 7.0) is True
    assert [tick.symbol for tick in heard] == ["BTCUSDT"]
    assert (door.received, door.bad, door.last_frame) == (1, 0, 7.0)


def test_a_word_about_the_connection_is_handed_back() -> None:
    assert isinstance(intake([]).take(SHUTDOWN, 0.0), Control)


def test_bad_frames_are_counted_and_logged_once_a_second(caplog: pytest.LogCaptureFixture) -> None:
    door = intake([])
    for frame in range(100):
        assert door.take("{", 10.0 + frame / 1000) is False
    door.take("[", 11.5)

    assert (door.received, door.bad) == (101, 101)
    first, second = (record.getMessage() for record in caplog.records)
    assert "not JSON" in first and "(0 more" in first
    assert "(99 more since the last such line)" in second


def test_the_sound_part_of_a_bad_frame_counts() -> None:
    heard: list[Tick] = []
    entries = [ticker_fields("BTCUSDT"), ticker_fields("ETHUSDT") | {"c": "NaN"}]

    assert intake(heard).take(combined("!ticker@arr", entries), 0.0) is True
    assert [tick.symbol for tick in heard] == ["BTCUSDT"]


def test_a_listener_that_fails_on_one_tick_gets_the_next(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Tick] = []

    def picky(tick: Tick) -> None:
        if tick.symbol == "BTCUSDT":
            raise ArithmeticError("no")
        heard.append(tick)

    door = Intake(Binance(), on_tick=picky, log_every=1.0)
    door.take(ticker("BTCUSDT"), 0.0)
    door.take(ticker("ETHUSDT"), 0.1)

    assert [tick.symbol for tick in heard] == ["ETHUSDT"]
    (record,) = caplog.records
    assert record.levelno == logging.ERROR and record.exc_info
