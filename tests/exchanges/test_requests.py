"""Which messages bring a connection's subscriptions to what is wanted."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from market.exchanges.binance import Binance
from market.exchanges.pace import Pace
from market.exchanges.requests import Requests

PACE = Pace(streams_per_message=3, answer=10.0)


def requests(*asked: str) -> Requests:
    return Requests(Binance(), asked, PACE)


def sent(pending: Requests) -> list[dict[str, Any]]:
    """Everything it has to say now."""
    messages = []
    while (text := pending.next_text(0.0)) is not None:
        messages.append(json.loads(text))
    return messages


def test_what_the_address_asked_for_needs_no_message() -> None:
    pending = requests("a@ticker", "b@ticker")

    assert sent(pending) == []
    assert pending.is_settled


def test_many_streams_travel_in_one_message_and_removals_go_first() -> None:
    pending = requests("a@ticker")
    pending.want(["b@ticker", "c@ticker", "d@ticker", "e@ticker"])

    assert [(each["method"], each["params"]) for each in sent(pending)] == [
        ("UNSUBSCRIBE", ["a@ticker"]),
        ("SUBSCRIBE", ["b@ticker", "c@ticker", "d@ticker"]),
        ("SUBSCRIBE", ["e@ticker"]),
    ]


def test_it_is_settled_when_everything_is_answered() -> None:
    pending = requests()
    pending.want(["a@ticker"])
    assert not pending.is_settled

    (message,) = sent(pending)
    assert not pending.is_settled
    pending.accept(message["id"])

    assert pending.is_settled
    assert pending.answered == 1


def test_an_answer_that_does_not_come_is_overdue() -> None:
    pending = requests()
    pending.want(["a@ticker"])
    sent(pending)

    assert not pending.is_overdue(10.0)
    assert pending.is_overdue(10.1)


def test_answers_to_nothing_are_ignored() -> None:
    pending = requests()
    pending.accept(7)
    pending.accept(None)

    assert pending.refuse(7) == ()
    assert pending.answered == 0


@given(bad=st.sets(st.integers(0, 19)))
def test_a_refused_message_is_halved_until_the_streams_at_fault_are_found(bad: set[int]) -> None:
    pending = requests()
    pending.want([f"s{number}@ticker" for number in range(20)])
    at_fault: set[str] = set()
    accepted: set[str] = set()
    while messages := sent(pending):
        for message in messages:
            if any(int(name[1:-7]) in bad for name in message["params"]):
                at_fault.update(pending.refuse(message["id"]))
            else:
                accepted.update(message["params"])
                pending.accept(message["id"])

    assert at_fault == {f"s{number}@ticker" for number in bad}
    assert accepted == {f"s{number}@ticker" for number in range(20)} - at_fault
    assert pending.is_settled
