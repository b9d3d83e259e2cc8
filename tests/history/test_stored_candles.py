"""Stored candles: the same rows whatever the order of writing, and what a plain reading of the minutes says."""

import random
from decimal import Decimal

import pytest

from market import history
from market.core.interval import MINUTE_MS, Interval
from market.history import Gap
from market.models import Candle, CandleGap
from tests.history.made import KEY, MIDNIGHT, SOURCE, minute, minutes, plainly, told

DAYS = 1440


def rows() -> list[tuple[object, ...]]:
    """All there is, without ids."""
    names = ("interval", "open_time", "open", "high", "low", "close", "volume", "quote_volume", "trades", "minutes")
    return sorted(Candle.objects.values_list("series__symbol", *names))


def write(numbers: range | list[int]) -> None:
    history.write(SOURCE, {KEY: minutes(numbers)})


def read(
    interval: Interval, *, start: int | None = None, end: int | None = None, limit: int = 10_000
) -> history.History:
    """Times in minutes since midnight."""
    start_ms, end_ms = (None if each is None else MIDNIGHT + each * MINUTE_MS for each in (start, end))
    return history.read(*KEY, SOURCE, interval, start_ms=start_ms, end_ms=end_ms, limit=limit)


def test_numbers_come_back_to_the_last_digit(database: str) -> None:
    write([0])

    (candle,) = read(Interval.M1).candles
    assert candle == minute(0)
    assert len(str(minute(0).quote_volume).replace(".", "")) >= 19
    row = Candle.objects.get()
    assert (row.open, row.volume, row.quote_volume) == (minute(0).open, minute(0).volume, minute(0).quote_volume)
    assert type(row.open) is Decimal


def test_every_interval_is_what_its_minutes_say(database: str) -> None:
    write(range(DAYS + 317))

    for interval in Interval:
        found = read(interval)
        assert told(found.candles) == plainly(minutes(range(DAYS + 317)), interval)
        assert [each.closed for each in found.candles[:-1]] == [True] * (len(found.candles) - 1)
        assert found.candles[-1].closed is (interval is Interval.M1)
        assert found.complete
        assert found.gaps == []


@pytest.mark.parametrize("seed", range(3))
def test_any_order_of_stream_backfill_and_repetition_ends_with_the_same_rows(database: str, seed: int) -> None:
    chance = random.Random(seed)
    held = [number for number in range(3 * 60 + 20) if not 70 <= number < 95 and number != 120]
    write(held)
    expected = rows()
    Candle.objects.all().delete()
    parts = [held[at : at + chance.randrange(20, 50)] for at in range(0, len(held), 20)]
    parts += [chance.sample(held, 15) for _ in range(5)]
    chance.shuffle(parts)

    for part in parts:
        write(part)

    assert rows() == expected
    for interval in Interval:
        assert told(read(interval).candles) == plainly(minutes(held), interval)


def test_limit_gives_the_newest_or_from_a_start_the_oldest(database: str) -> None:
    write([number for number in range(DAYS + 100) if number not in range(200, 207)])
    for interval in Interval:
        everything = list(read(interval).candles)

        assert list(read(interval, limit=2).candles) == everything[-2:]
        assert list(read(interval, start=0, limit=1).candles) == everything[:1]
        some = [each for each in everything if MIDNIGHT + 61 * MINUTE_MS <= each.open_ms < MIDNIGHT + 601 * MINUTE_MS]
        assert list(read(interval, start=61, end=601).candles) == some
        assert list(read(interval, start=61, end=601, limit=3).candles) == some[:3]


def test_a_longer_candle_of_the_exchange_stays_until_all_its_minutes_are_here(database: str) -> None:
    (day,) = (each for each in plainly(minutes(range(DAYS)), Interval.D1).values())
    of_venue = [minute(0, seed=9)]
    history.write_longer(*KEY, SOURCE, interval=Interval.D1, candles=of_venue)

    write(range(700))
    write([DAYS])
    assert read(Interval.D1).candles[0] == of_venue[0]
    write(range(700, DAYS))
    assert told(read(Interval.D1).candles)[MIDNIGHT] == day


def test_sources_and_symbols_do_not_mix(database: str) -> None:
    write(range(3))
    history.write("binance", {KEY: minutes(range(5), seed=2)})
    history.write(SOURCE, {("binance", "ETHUSDT"): minutes(range(1), seed=3)})

    assert told(read(Interval.M1).candles) == told(minutes(range(3)))
    assert history.read(*KEY, "replay", Interval.M1).candles == ()


def test_missing_minutes_are_found_and_marks_are_not_asked_again(database: str) -> None:
    write([number for number in range(10, 60) if number not in (20, 21, 40)])

    def missing() -> list[tuple[int, int]]:
        found = history.missing(*KEY, SOURCE, start_ms=MIDNIGHT, end_ms=MIDNIGHT + 70 * MINUTE_MS)
        return [((start - MIDNIGHT) // MINUTE_MS, (end - MIDNIGHT) // MINUTE_MS) for start, end in found]

    assert missing() == [(0, 10), (20, 22), (40, 41), (60, 70)]
    assert not read(Interval.M1).complete
    history.mark(*KEY, SOURCE, [Gap(MIDNIGHT, MIDNIGHT + 41 * MINUTE_MS, "halted")])
    assert missing() == [(60, 70)]
    found = read(Interval.M1)
    assert found.complete
    assert [((g.start_ms - MIDNIGHT) // MINUTE_MS, g.reason) for g in found.gaps] == [(20, "halted"), (40, "halted")]


def test_a_minute_that_comes_after_all_is_no_gap(database: str) -> None:
    write([0, 9])
    history.mark(*KEY, SOURCE, [Gap(MIDNIGHT, MIDNIGHT + 10 * MINUTE_MS, "none")])
    write([4])

    spans = [
        ((row.start - MIDNIGHT) // MINUTE_MS, (row.end - MIDNIGHT) // MINUTE_MS) for row in CandleGap.objects.all()
    ]
    assert spans == [(1, 4), (5, 9)]


def test_marks_that_meet_become_one(database: str) -> None:
    for start, end in ((0, 5), (5, 8), (20, 22), (7, 21)):
        history.mark(*KEY, SOURCE, [Gap(MIDNIGHT + start * MINUTE_MS, MIDNIGHT + end * MINUTE_MS, "none")])

    (row,) = CandleGap.objects.all()
    assert (row.start, row.end) == (MIDNIGHT, MIDNIGHT + 22 * MINUTE_MS)


def test_a_change_of_any_kind_is_another_etag(database: str) -> None:
    tags = [history.latest_change(*KEY, SOURCE)]
    write([0, 1])
    tags.append(history.latest_change(*KEY, SOURCE))
    assert history.latest_change(*KEY, SOURCE) == tags[-1]
    history.mark(*KEY, SOURCE, [Gap(MIDNIGHT + 5 * MINUTE_MS, MIDNIGHT + 6 * MINUTE_MS, "none")])
    tags.append(history.latest_change(*KEY, SOURCE))

    assert len(set(tags)) == 3


def test_closing_prices_of_all_symbols_in_one_question(database: str) -> None:
    write(range(40))
    history.write(SOURCE, {("binance", "ETHUSDT"): minutes(range(20), seed=2)})

    found = history.closes(SOURCE, [KEY, ("binance", "ETHUSDT")], interval=Interval.M5, start_ms=MIDNIGHT + 1)
    assert [open_ms for open_ms, _ in found[KEY]] == [MIDNIGHT + n * MINUTE_MS for n in range(5, 40, 5)]
    assert found[KEY][-1][1] == minute(39).close
    assert len(found["binance", "ETHUSDT"]) == 3
