"""What one connection asked for: its streams, its shape, and the answer to each request. No I/O.

Two error shapes exist. `nested` is what is really seen, `flat` is what the documents show:
    {"error":{"code":2,"msg":"Invalid request: invalid stream"},"id":2}
    {"code":2,"msg":"Invalid request: invalid stream","id":2}
"""

import json
import re
from dataclasses import dataclass
from typing import Any

MAX_STREAMS = 1024
METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
STREAM = re.compile(r"[^\s@!/]+@[A-Za-z0-9_]+(?:@[A-Za-z0-9+:]+)?|![A-Za-z0-9_]+@arr(?:@[A-Za-z0-9]+)?")
REQUEST_ID = re.compile(r"[A-Za-z0-9]{1,36}")
MAX_ID = 2**63


@dataclass(frozen=True, slots=True)
class Reply:
    """The text that goes back, and what changed in the subscriptions."""

    text: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class RequestError(Exception):
    """A request the exchange refuses: `code` and `message` as it words them."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Session:
    """Streams (in order of subscription) and the `combined` property of one connection."""

    def __init__(self, *, streams: tuple[str, ...] = (), combined: bool, error_shape: str = "nested") -> None:
        self.streams: dict[str, None] = dict.fromkeys(streams)
        self.combined = combined
        self._error_shape = error_shape

    def answer(self, text: str | bytes) -> Reply:
        """The reply to one request; changes this session when the request asks for it."""
        request_id: Any = None
        try:
            request = _parsed(text)
            request_id = _request_id(request)
            return self._obey(_method(request), request.get("params", []), request_id)
        except RequestError as refused:
            return Reply(self._error_text(refused, request_id))

    def _obey(self, method: str, params: Any, request_id: Any) -> Reply:
        match method:
            case "SUBSCRIBE":
                return self._subscribe(_streams(params), request_id)
            case "UNSUBSCRIBE":
                return self._unsubscribe(_streams(params), request_id)
            case "LIST_SUBSCRIPTIONS":
                return Reply(_result(list(self.streams), request_id))
            case "SET_PROPERTY":
                self.combined = _property_value(params)
                return Reply(_result(None, request_id))
            case _:
                _property_name(params, length=1)
                return Reply(_result(self.combined, request_id))

    def _subscribe(self, streams: tuple[str, ...], request_id: Any) -> Reply:
        added = tuple(stream for stream in streams if stream not in self.streams)
        if len(self.streams) + len(added) > MAX_STREAMS:
            raise RequestError(4, "Too many subscriptions")
        self.streams.update(dict.fromkeys(added))
        return Reply(_result(None, request_id), added=added)

    def _unsubscribe(self, streams: tuple[str, ...], request_id: Any) -> Reply:
        removed = tuple(stream for stream in streams if stream in self.streams)
        for stream in removed:
            del self.streams[stream]
        return Reply(_result(None, request_id), removed=removed)

    def _error_text(self, refused: RequestError, request_id: Any) -> str:
        error = {"code": refused.code, "msg": refused.message}
        if self._error_shape == "flat":
            return _compact(error if request_id is None else error | {"id": request_id})
        return _compact({"error": error, "id": request_id})


def _parsed(text: str | bytes) -> dict[str, Any]:
    try:
        request = json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise RequestError(3, f"Invalid JSON: expected value at {place}") from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise RequestError(3, "Invalid JSON: expected value at line 1 column 1") from error
    if not isinstance(request, dict):
        raise RequestError(2, "Invalid request: expected an object at line 1 column 1")
    return request


def _request_id(request: dict[str, Any]) -> int | str | None:
    """The request's id: null, a 64-bit signed integer, or up to 36 letters and digits."""
    match request.get("id"):
        case None:
            return None
        case bool():
            pass
        case int(number) if -MAX_ID <= number < MAX_ID:
            return number
        case str(name) if REQUEST_ID.fullmatch(name):
            return name
    raise RequestError(2, "Invalid request: request ID must be an unsigned integer")


def _method(request: dict[str, Any]) -> str:
    if "method" not in request:
        column = len(_compact(request))
        raise RequestError(2, f"Invalid request: missing field `method` at line 1 column {column}")
    method = request["method"]
    if not isinstance(method, str) or method not in METHODS:
        expected = ", ".join(f"`{name}`" for name in METHODS)
        raise RequestError(
            2, f"Invalid request: unknown variant `{method}`, expected one of {expected} at line 1 column 28"
        )
    return method


def _streams(params: Any) -> tuple[str, ...]:
    """The stream names, spelled well; a well-spelled stream of no symbol is accepted and stays silent."""
    if not isinstance(params, list):
        raise RequestError(2, "Invalid request: params must be an array of strings")
    for stream in params:
        if not isinstance(stream, str) or not STREAM.fullmatch(stream):
            raise RequestError(2, "Invalid request: invalid stream")
    return tuple(dict.fromkeys(params))


def _property_name(params: Any, *, length: int) -> None:
    if not isinstance(params, list) or not params or not isinstance(params[0], str):
        raise RequestError(2, "Invalid request: property name must be a string")
    if len(params) > length:
        raise RequestError(2, "Invalid request: too many parameters")
    if params[0] != "combined":
        raise RequestError(0, "Unknown property")


def _property_value(params: Any) -> bool:
    _property_name(params, length=2)
    if len(params) < 2 or not isinstance(params[1], bool):
        raise RequestError(1, "Invalid value type: expected Boolean")
    return params[1]


def _result(result: Any, request_id: Any) -> str:
    return _compact({"result": result, "id": request_id})


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
