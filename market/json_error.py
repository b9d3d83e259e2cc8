"""How the HTTP interface says no: `{"error":{"code":…,"message":…}}`."""

from django.http import JsonResponse

_LONGEST = 300  # characters of a message: it may quote the request


class Refused(Exception):
    """A request that cannot be served as it is; `message` is for its sender."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def json_error(status: int, code: str, message: str) -> JsonResponse:
    return JsonResponse({"error": {"code": code, "message": message[:_LONGEST]}}, status=status)
