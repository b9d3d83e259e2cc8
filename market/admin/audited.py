"""Lists whose rows keep their history, and lists that only show."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from simple_history.admin import SimpleHistoryAdmin


class AuditedAdmin(SimpleHistoryAdmin):  # type: ignore[misc]
    """The history page says who changed what and when; nobody goes back to an older version from there."""

    object_history_list_template = "admin/market/history_list.html"

    def history_form_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """An older version has no secrets, and its rule may have become impossible: it is not for saving."""
        raise PermissionDenied


class ReadOnly:
    """Mixin of ModelAdmin and of inlines: what was decided and sent is looked at."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    pass


class ReadOnlyInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    extra = 0
    show_change_link = True
