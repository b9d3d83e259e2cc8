"""Alerts: what was decided, newest first, and whom it was sent to."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from market.admin.audited import ReadOnlyAdmin, ReadOnlyInline
from market.models import Alert, Delivery
from market.models.alert_rule import plain
from market.phrases import phrase
from market.zone import zoned


class AlertStateFilter(admin.SimpleListFilter):
    """What became of an alert."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("open", gettext("open")),
            ("acknowledged", gettext("acknowledged")),
            ("snoozed", gettext("snoozed")),
            ("resolved", gettext("resolved")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert] | None:
        chosen = {
            "open": Q(acknowledged_at=None, resolved_at=None),
            "acknowledged": Q(acknowledged_at__isnull=False),
            "snoozed": Q(snoozed_until__gt=timezone.now()),
            "resolved": Q(resolved_at__isnull=False),
        }.get(self.value() or "")
        return queryset if chosen is None else queryset.filter(chosen)


class SymbolFilter(admin.AllValuesFieldListFilter):
    """Alerts that are about no symbol have a name to be chosen by."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or gettext("no symbol")}


class DeliveryInline(ReadOnlyInline):
    model = Delivery
    fields = ["recipient", "state", "attempts", "next_attempt_at", "delivered_at"]


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ["exchange_moment", "severity", "about", "rule_words", "price_text", "late", "source", "became"]
    list_display_links = ["exchange_moment", "about"]
    list_filter = [AlertStateFilter, "severity", "kind", "late", "audience", "source", ("symbol", SymbolFilter)]
    list_select_related = ["acknowledged_by"]
    search_fields = ["symbol", "rule_text", "why"]
    search_help_text = _("Symbol, rule or reason.")
    date_hierarchy = "decided_at"
    inlines = [DeliveryInline]
    exclude = ["dedupe", "rule_text", "why"]
    readonly_fields = ["rule_words", "why_words"]

    @admin.display(description=_("exchange time"), ordering="exchange_time")
    def exchange_moment(self, alert: Alert) -> str:
        return zoned(alert.exchange_time)

    @admin.display(description=_("about"), ordering="symbol")
    def about(self, alert: Alert) -> str:
        return alert.symbol or str(alert.get_kind_display())

    @admin.display(description=_("rule in words"), ordering="rule_text")
    def rule_words(self, alert: Alert) -> str:
        return phrase(alert.rule_text)

    @admin.display(description=_("price"))
    def price_text(self, alert: Alert) -> str:
        return plain(alert.price)

    @admin.display(description=_("why"))
    def why_words(self, alert: Alert) -> str:
        return phrase(alert.why)

    @admin.display(description=_("state"))
    def became(self, alert: Alert) -> str:
        if alert.acknowledged_at is not None:
            return gettext("acknowledged by %(name)s") % {"name": alert.acknowledged_name or gettext("somebody")}
        if alert.resolved_at is not None:
            return gettext("resolved")
        if alert.snoozed_until is not None and alert.snoozed_until > timezone.now():
            return gettext("snoozed until %(time)s") % {"time": zoned(alert.snoozed_until, "minutes")}
        return gettext("open")
