"""Lists whose rows keep their history, and lists that only show."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from simple_history.admin import SimpleHistoryAdmin
from simple_history.template_utils import HistoricalRecordContextHelper

from market.zone import zoned


class Changes(HistoricalRecordContextHelper):  # type: ignore[misc]
    """What a version changed, with times as the page says them."""

    def prepare_delta_change_value(self, change: Any, value: Any) -> Any:
        prepared = super().prepare_delta_change_value(change, value)
        return zoned(prepared) if isinstance(prepared, datetime) else prepared


class AuditedAdmin(SimpleHistoryAdmin):  # type: ignore[misc]
    """The history page says who changed what and when; nobody goes back to an older version from there."""

    object_history_list_template = "admin/market/history_list.html"

    def get_historical_record_context_helper(self, request: HttpRequest, historical_record: Any) -> Changes:
        return Changes(self.model, historical_record)

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
