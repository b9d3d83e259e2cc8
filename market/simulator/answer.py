"""What goes back over HTTP, and how Binance words its refusals."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import responses
from typing import Any

RESTRICTED = (
    "Service unavailable from a restricted location according to 'b. Eligibility' in "
    "https://www.binance.com/en/terms. Please contact customer service if you believe you received this "
    "message in error."
)
WEIGHT_USED = (
    "Way too much request weight used; IP banned until {until}. "
    "Please use WebSocket Streams for live updates to avoid bans."
)
FIREWALL = "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n</body>\r\n</html>\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; `text` is its body."""

    status: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        return responses.get(self.status, "Unknown")

    @property
    def content_type(self) -> str:
        return "text/html" if self.text.startswith("<") else "application/json;charset=UTF-8"


class ApiError(Exception):
    """A REST call that is refused with HTTP 400 and `{"code":..,"msg":..}`."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def answer(self) -> Answer:
        return Answer(400, compact({"code": self.code, "msg": self.message}))


INVALID_SYMBOL = (-1121, "Invalid symbol.")


def refusal(status: int, retry_after: int | None, *, now_ms: int = 0) -> Answer:
    """What an exchange (or its firewall) says with this status; 451 is the real text."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    match status:
        case 403:
            return Answer(status, FIREWALL, headers)
        case 451:
            return Answer(status, compact({"code": 0, "msg": RESTRICTED}), headers)
        case 418 | 429:
            until = now_ms + 1000 * (retry_after or 120)
            return Answer(status, compact({"code": -1003, "msg": WEIGHT_USED.format(until=until)}), headers)
        case _:
            return Answer(status, compact({"code": -1001, "msg": "Internal error."}), headers)


def compact(value: Any) -> str:
    """JSON as Binance writes it: no spaces, UTF-8 and not escapes."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
