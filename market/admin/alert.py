"""Alerts: what was decided, newest first, and whom it was sent to."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from market.admin.audited import ReadOnlyAdmin, ReadOnlyInline
from market.models import Alert, Delivery
from market.models.alert_rule import plain


class AlertStateFilter(admin.SimpleListFilter):
    """What became of an alert."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in ("open", "acknowledged", "snoozed", "resolved")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert] | None:
        chosen = {
            "open": Q(acknowledged_at=None, resolved_at=None),
            "acknowledged": Q(acknowledged_at__isnull=False),
            "snoozed": Q(snoozed_until__gt=timezone.now()),
            "resolved": Q(resolved_at__isnull=False),
        }.get(self.value() or "")
        return queryset if chosen is None else queryset.filter(chosen)


class DeliveryInline(ReadOnlyInline):
    model = Delivery
    fields = ["recipient", "state", "attempts", "next_attempt_at", "delivered_at"]


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ["exchange_moment", "severity", "about", "rule_text", "price_text", "late", "source", "became"]
    list_display_links = ["exchange_moment", "about"]
    list_filter = [AlertStateFilter, "severity", "kind", "late", "audience", "source", "symbol"]
    list_select_related = ["acknowledged_by"]
    search_fields = ["symbol", "rule_text", "why"]
    search_help_text = "Symbol, rule or reason."
    date_hierarchy = "decided_at"
    inlines = [DeliveryInline]
    exclude = ["dedupe"]

    @admin.display(description="exchange time", ordering="exchange_time")
    def exchange_moment(self, alert: Alert) -> str:
        return f"{alert.exchange_time:%Y-%m-%d %H:%M:%S} UTC"

    @admin.display(description="about", ordering="symbol")
    def about(self, alert: Alert) -> str:
        return alert.symbol or alert.kind

    @admin.display(description="price")
    def price_text(self, alert: Alert) -> str:
        return plain(alert.price)

    @admin.display(description="state")
    def became(self, alert: Alert) -> str:
        if alert.acknowledged_at is not None:
            return f"acknowledged by {alert.acknowledged_name or 'somebody'}"
        if alert.resolved_at is not None:
            return "resolved"
        if alert.snoozed_until is not None and alert.snoozed_until > timezone.now():
            return f"snoozed until {alert.snoozed_until:%H:%M} UTC"
        return "open"
