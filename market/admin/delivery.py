"""Deliveries: how each alert reached each recipient, attempt by attempt, and once more where asked for."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from market.admin.audited import ReadOnlyAdmin, ReadOnlyInline
from market.audit import log_change
from market.models import Delivery, DeliveryAttempt, DeliveryState


class AttemptInline(ReadOnlyInline):
    model = DeliveryAttempt
    fields = ["at", "ok", "status", "duration_ms", "excerpt"]
    show_change_link = False


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ["id", "alert", "recipient", "state", "attempts", "last_answer", "next_attempt_at", "delivered_at"]
    list_filter = ["state", ("recipient", admin.RelatedOnlyFieldListFilter), "recipient__kind", "alert__severity"]
    list_select_related = ["alert", "recipient"]
    search_fields = ["alert__symbol", "alert__rule_text", "recipient__name"]
    search_help_text = "Symbol, rule or recipient."
    inlines = [AttemptInline]
    exclude = ["dedupe"]
    actions = ["redeliver"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return super().get_queryset(request).prefetch_related("log")

    def has_redeliver_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("market.change_delivery")

    @admin.display(description="last answer")
    def last_answer(self, delivery: Delivery) -> str:
        attempts = list(delivery.log.all())
        if not attempts:
            return ""
        last = attempts[-1]
        return " ".join(filter(None, [str(last.status or ""), last.excerpt[:80]]))

    @admin.action(description="Redeliver: send the selected ones (again)", permissions=["redeliver"])
    def redeliver(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """With all attempts anew. One that is being sent at this moment is left alone."""
        rows = list(queryset.exclude(state=DeliveryState.SENDING).filter(recipient__enabled=True))
        again = Delivery.objects.filter(pk__in=[row.pk for row in rows]).exclude(state=DeliveryState.SENDING)
        count = again.update(
            state=DeliveryState.WAITING,
            attempts=0,
            next_attempt_at=timezone.now(),
            taken_until=None,
            delivered_at=None,
        )
        log_change(request, rows, "To be sent again.")
        self.message_user(request, f"{count} to be sent again.", messages.SUCCESS)
        if left := queryset.count() - count:
            words = f"{left} left alone: being sent now, or the recipient is disabled."
            self.message_user(request, words, messages.WARNING)
