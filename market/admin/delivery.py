"""Deliveries: how each alert reached each recipient, attempt by attempt, and once more where asked for."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from market.admin.audited import ReadOnlyAdmin, ReadOnlyInline
from market.audit import log_change
from market.models import Delivery, DeliveryAttempt, DeliveryState
from market.phrases import phrase


class AttemptInline(ReadOnlyInline):
    model = DeliveryAttempt
    fields = ["at", "ok", "status", "duration_ms", "answer"]
    readonly_fields = ["answer"]
    show_change_link = False

    @admin.display(description=_("answer"))
    def answer(self, attempt: DeliveryAttempt) -> str:
        return phrase(attempt.excerpt)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ["id", "alert", "recipient", "state", "attempts", "last_answer", "next_attempt_at", "delivered_at"]
    list_filter = ["state", ("recipient", admin.RelatedOnlyFieldListFilter), "recipient__kind", "alert__severity"]
    list_select_related = ["alert", "recipient"]
    search_fields = ["alert__symbol", "alert__rule_text", "recipient__name"]
    search_help_text = _("Symbol, rule or recipient.")
    inlines = [AttemptInline]
    change_form_template = "admin/market/delivery/change_form.html"
    exclude = ["dedupe"]
    actions = ["redeliver"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return super().get_queryset(request).prefetch_related("log")

    def has_redeliver_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("market.change_delivery")

    @admin.display(description=_("last answer"))
    def last_answer(self, delivery: Delivery) -> str:
        attempts = list(delivery.log.all())
        if not attempts:
            return ""
        last = attempts[-1]
        return " ".join(filter(None, [str(last.status or ""), phrase(last.excerpt)[:80]]))

    @admin.action(description=_("Redeliver: send the selected ones (again)"), permissions=["redeliver"])
    def redeliver(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        self._send_again(request, queryset)

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.redeliver_one)
        return [path("<int:pk>/redeliver/", page, name="market_delivery_redeliver"), *super().get_urls()]

    def redeliver_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_redeliver_permission(request):
            raise PermissionDenied
        self._send_again(request, Delivery.objects.filter(pk=pk))
        return HttpResponseRedirect(reverse("admin:market_delivery_change", args=[pk]))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {**(extra_context or {}), "may_redeliver": self.has_redeliver_permission(request)}
        return super().change_view(request, object_id, form_url, context)

    def _send_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
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
        words = ngettext("%(count)s to be sent again.", "%(count)s to be sent again.", count) % {"count": count}
        self.message_user(request, words, messages.SUCCESS)
        if left := queryset.count() - count:
            words = ngettext(
                "%(count)s left alone: being sent now, or the recipient is disabled.",
                "%(count)s left alone: being sent now, or the recipient is disabled.",
                left,
            ) % {"count": left}
            self.message_user(request, words, messages.WARNING)
