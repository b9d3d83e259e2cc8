"""Requests and replies of one connection, without a socket."""

import json
from typing import Any

import pytest

from market.simulator.session import MAX_STREAMS, Session


def answered(session: Session, **request: Any) -> Any:
    return json.loads(session.answer(json.dumps(request)).text)


def test_subscribe_is_acknowledged_and_names_what_is_new() -> None:
    session = Session(streams=("btcusdt@ticker",), combined=True)

    reply = session.answer('{"method":"SUBSCRIBE","params":["btcusdt@ticker","ethusdt@ticker"],"id":7}')

    assert reply.text == '{"result":null,"id":7}'
    assert reply.added == ("ethusdt@ticker",)


def test_unsubscribe_names_only_what_was_there() -> None:
    session = Session(streams=("btcusdt@ticker",), combined=True)

    reply = session.answer('{"method":"UNSUBSCRIBE","params":["btcusdt@ticker","x@y"],"id":"a1"}')

    assert reply.text == '{"result":null,"id":"a1"}'
    assert reply.removed == ("btcusdt@ticker",)
    assert answered(session, method="LIST_SUBSCRIPTIONS", id=2) == {"result": [], "id": 2}


def test_lists_subscriptions_in_order() -> None:
    session = Session(streams=("币安人生usdt@ticker", "btcusdt@trade"), combined=True)

    assert session.answer('{"method":"LIST_SUBSCRIPTIONS","id":3}').text == (
        '{"result":["币安人生usdt@ticker","btcusdt@trade"],"id":3}'
    )


def test_combined_is_a_property_that_can_be_set_and_read() -> None:
    session = Session(combined=False)

    assert answered(session, method="GET_PROPERTY", params=["combined"], id=1)["result"] is False
    assert answered(session, method="SET_PROPERTY", params=["combined", True], id=2)["result"] is None
    assert answered(session, method="GET_PROPERTY", params=["combined"], id=3)["result"] is True


@pytest.mark.parametrize(
    ("request_text", "code", "words"),
    [
        ("{", 3, "Invalid JSON: expected value at line 1 column 2"),
        ("", 3, "Invalid JSON"),
        ("[]", 2, "Invalid request"),
        ('{"id":1}', 2, "missing field `method`"),
        ('{"method":"TICKLE","id":1}', 2, "unknown variant `TICKLE`, expected one of `SUBSCRIBE`"),
        ('{"method":"SUBSCRIBE","params":["btcusdt"],"id":1}', 2, "invalid stream"),
        ('{"method":"SUBSCRIBE","params":[5],"id":1}', 2, "invalid stream"),
        ('{"method":"SUBSCRIBE","params":"btcusdt@ticker","id":1}', 2, "Invalid request"),
        ('{"method":"SUBSCRIBE","params":["a@ticker"],"id":1.5}', 2, "request ID must be"),
        ('{"method":"SUBSCRIBE","params":["a@ticker"],"id":true}', 2, "request ID must be"),
        ('{"method":"SUBSCRIBE","params":["a@ticker"],"id":"' + "x" * 37 + '"}', 2, "request ID must be"),
        ('{"method":"SET_PROPERTY","params":["combined","yes"],"id":1}', 1, "expected Boolean"),
        ('{"method":"SET_PROPERTY","params":["colour",true],"id":1}', 0, "Unknown property"),
        ('{"method":"GET_PROPERTY","params":[1],"id":1}', 2, "property name must be a string"),
        ('{"method":"GET_PROPERTY","params":["combined",1],"id":1}', 2, "too many parameters"),
    ],
)
def test_refuses_in_the_exchanges_words(request_text: str, code: int, words: str) -> None:
    session = Session(combined=False)

    error = json.loads(session.answer(request_text).text)["error"]

    assert error["code"] == code
    assert words in error["msg"]
    assert not session.streams


def test_errors_are_nested_as_really_seen() -> None:
    reply = Session(combined=False).answer('{"method":"SUBSCRIBE","params":["nonsense"],"id":2}')

    assert reply.text == '{"error":{"code":2,"msg":"Invalid request: invalid stream"},"id":2}'


def test_errors_can_be_flat_as_documented() -> None:
    session = Session(combined=False, error_shape="flat")

    assert answered(session, method="GET_PROPERTY", params=["x"], id=9) == {
        "code": 0,
        "msg": "Unknown property",
        "id": 9,
    }
    assert session.answer("nonsense").text.startswith('{"code":3,"msg":"Invalid JSON')


def test_refuses_more_streams_than_a_connection_may_have() -> None:
    session = Session(combined=False)
    streams = [f"s{number}usdt@ticker" for number in range(MAX_STREAMS)]
    assert answered(session, method="SUBSCRIBE", params=streams, id=1) == {"result": None, "id": 1}

    assert answered(session, method="SUBSCRIBE", params=["onemore@ticker"], id=2) == {
        "error": {"code": 4, "msg": "Too many subscriptions"},
        "id": 2,
    }
