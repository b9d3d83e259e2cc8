"""What a process remembers of alerts, who may see them, and which events came."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.core.alert_log import ALERT, AlertLog, HeldAlert
from market.core.arrivals import Arrivals
from market.core.dialect import SSE, WEBSOCKET
from market.core.viewer import NOBODY, Viewer, alert_channel


def log_of(*numbers: int, kept: int = 500) -> AlertLog:
    """Alerts that were told in this order."""
    log = AlertLog(kept)
    for row, number in enumerate(numbers, 1):
        log.remember(HeldAlert(number, "alerts", b"{}", row))
        log.tell(ALERT, number, "alerts", b"{}")
    return log


def after(log: AlertLog, number: int) -> list[int] | None:
    alerts = log.after(number)
    return None if alerts is None else [alert.number for alert in alerts]


def test_the_order_is_that_of_telling() -> None:
    log = log_of(1, 3, 2, 4)

    assert (after(log, 3), after(log, 2), after(log, 0)) == ([2, 4], [4], [1, 3, 2, 4])


def test_what_was_stored_later_but_told_earlier_comes_too() -> None:
    log = AlertLog()
    log.remember(HeldAlert(2, "alerts", b"{}", row=2))
    log.remember(HeldAlert(1, "alerts", b"{}", row=1))

    assert after(log, 1) == [2]


def test_it_says_when_it_does_not_reach_back_so_far() -> None:
    log = log_of(1, 2, 3, 4, kept=2)

    assert (after(log, 1), after(log, 2), after(log, 3)) == (None, [3, 4], [4])
    assert (log.told_since(1), [news.number for news in log.told_since(2) or ()]) == (None, [3, 4])


@pytest.mark.parametrize("until", [None, "2026-01-10T12:15:00.000Z"])
def test_an_alert_that_was_settled_keeps_all_else_to_the_digit(until: str | None) -> None:
    text = (
        '{"text":"says \\"acknowledged\\":false and \\"snoozed_until\\":null","price":0.000008620000000001,'
        '"acknowledged":false,"snoozed_until":null}'
    )
    alert = HeldAlert(1, "alerts", text.encode())

    once = alert.revised(acknowledged=True, snoozed_until=until)

    fields = json.loads(once.text)
    assert (fields["acknowledged"], fields["snoozed_until"]) == (True, until)
    assert fields["text"] == 'says "acknowledged":false and "snoozed_until":null'
    assert b'"price":0.000008620000000001,' in once.text
    assert once.revised(acknowledged=False, snoozed_until=None) == alert


def test_each_dialect_says_it_in_its_words() -> None:
    assert json.loads(WEBSOCKET.news("alert", b'{"id":17}', 0)) == {
        "type": "alert",
        "alert": {"id": 17},
        "timestamp": "1970-01-01T00:00:00.000Z",
    }
    assert json.loads(WEBSOCKET.news("acked", b'{"alert":17,"by":"bob"}', 0))["by"] == "bob"
    assert SSE.news("alert", b'{"id":17}', 0) == b'event: alert\ndata: {"id":17}\n\n'


@given(st.permutations(range(1, 9)), st.integers(0, 8))
def test_each_event_is_taken_once_and_what_is_missing_is_known(order: list[int], missing: int) -> None:
    arrivals = Arrivals()
    for number in order:
        if number != missing:
            assert arrivals.take("alerts", number)
            assert not arrivals.take("alerts", number)

    assert arrivals.behind({"alerts": 8}) == ({"alerts": missing - 1} if missing else {})
    assert arrivals.gaps == (0 < missing < 8)
    arrivals.complete("alerts", 8)
    assert not arrivals.behind({"alerts": 8}) and not arrivals.gaps


def test_channels_are_counted_apart_and_from_where_the_process_began() -> None:
    arrivals = Arrivals()
    arrivals.start({"alerts": 5})

    assert not arrivals.take("alerts", 5)
    assert arrivals.take("alerts", 6) and arrivals.take("staff", 1)
    assert arrivals.behind({"alerts": 7, "staff": 1, "user-3": 1}) == {"alerts": 6, "user-3": 0}


def test_staff_and_the_owner_may_settle_an_alert() -> None:
    owner, staff, other = Viewer(1), Viewer(2, is_staff=True), Viewer(3)

    assert [viewer.may_settle(1) for viewer in (owner, staff, other, NOBODY)] == [True, True, False, False]
    assert not NOBODY.may_settle(None) and not other.may_settle(None)


@pytest.mark.parametrize("audience", ["everyone", "signed_in", "staff", "owner"])
def test_strangers_read_what_is_for_everyone(audience: str) -> None:
    assert (alert_channel(audience, 1) in NOBODY.channels) == (audience == "everyone")


def test_a_late_digest_comes_after_the_alert_that_was_dropped_last() -> None:
    log = AlertLog(2)
    for number in (2, 3, 1):
        log.remember(HeldAlert(number, "alerts", b"{}"))

    after = log.after(2)

    assert after is not None
    assert [alert.number for alert in after] == [3, 1]
