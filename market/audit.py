"""What staff did beside editing a form, in Django admin's own log."""

from collections.abc import Sequence

from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model
from django.http import HttpRequest


def log_change(request: HttpRequest, rows: Sequence[Model], words: str) -> None:
    """One entry per row, by the user of `request`, who must be logged in."""
    user_id = request.user.pk
    if user_id is None:
        raise ValueError("nobody is logged in")
    note_change(user_id, rows, words)


def note_change(user_id: int, rows: Sequence[Model], words: str) -> None:
    """The same by a user's id."""
    if rows:
        LogEntry.objects.log_actions(user_id, rows, CHANGE, change_message=words)
