"""Windows of prices as rows: the newest of each stays, exact, on both databases."""

from dataclasses import replace
from decimal import Decimal

import pytest

from market.core.window import Kept
from market.models import PriceWindow, WatchedSymbol
from market.price_windows import read_windows, write_windows

pytestmark = pytest.mark.usefixtures("database")
NOON, HOUR_MS = 1_768_046_400_000, 3_600_000
KEPT = Kept(
    "simulator",
    NOON - 5,
    NOON,
    2**53 + 1,
    ((1, Decimal("60010.23000001")), (2, Decimal("60010.10"))),
    ((1, Decimal("0.00000012")),),
)


@pytest.fixture
def symbol() -> WatchedSymbol:
    WatchedSymbol.objects.all().delete()
    return WatchedSymbol.objects.create(symbol="BTCUSDT")


def test_a_window_is_read_as_it_was_written_and_the_next_takes_its_place(symbol: WatchedSymbol) -> None:
    hour, second = (symbol.pk, HOUR_MS), (symbol.pk, 1000)
    later = replace(KEPT, until_ms=NOON + 1, until_id=None, lows=())
    write_windows([(hour, KEPT), (second, KEPT)])
    write_windows([(hour, later)])

    assert dict(read_windows([hour, second])) == {hour: later, second: KEPT}
    assert PriceWindow.objects.count() == 2


def test_windows_of_a_symbol_that_is_gone_are_left_out(symbol: WatchedSymbol) -> None:
    gone = WatchedSymbol.objects.create(symbol="ETHUSDT")
    places = [(gone.pk, HOUR_MS), (symbol.pk, HOUR_MS)]
    gone.delete()
    write_windows([(place, KEPT) for place in places])

    assert dict(read_windows(places)) == {places[1]: KEPT}
