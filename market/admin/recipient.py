"""Recipients: who is told, whether that works, and a test alert at the press of a button."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from market import dispatch
from market.admin.audited import AuditedAdmin
from market.audit import log_change
from market.models import Recipient, RecipientKind
from market.models.recipient import SEALED
from market.notify import NotDelivered
from market.phrases import phrase
from market.recipient_form import RecipientForm
from market.zone import zoned

KEPT = ["new_address", "new_secret", "drop_old_secret"]
FAILING = ["disabled_reason", "failures", "failing_since"]
HEALTH = [*FAILING, "last_delivered"]


@admin.register(Recipient)
class RecipientAdmin(AuditedAdmin):
    form = RecipientForm
    change_form_template = "admin/market/recipient/change_form.html"
    list_display = ["name", "kind", "enabled", "disabled_because", "failures", "last_delivered", "tells_staff"]
    list_filter = ["enabled", "kind", "tells_staff"]
    search_fields = ["name"]
    readonly_fields = HEALTH
    actions = ["enable", "disable"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Recipient]:
        rows: QuerySet[Recipient] = super().get_queryset(request)
        return rows.annotate(delivered=Max("deliveries__delivered_at", filter=Q(deliveries__state="delivered")))

    def get_fieldsets(self, request: HttpRequest, obj: Recipient | None = None) -> list[tuple[str | None, Any]]:
        kinds = {obj.kind, request.POST.get("kind")} if obj else set(RecipientKind)
        signed = RecipientKind.WEBHOOK in kinds
        kept = KEPT[: 1 + signed + (obj is not None and bool(obj.old_secret))]
        named: list[tuple[str | None, Any]] = [
            (None, {"fields": ["name", "kind", *kept, "language", "enabled", "tells_staff"]}),
        ]
        return [*named, (gettext("How it goes"), {"fields": HEALTH})] if obj else named

    def save_model(self, request: HttpRequest, obj: Recipient, form: Any, change: bool) -> None:
        """Not what the sender counts meanwhile, unless there is a reason to begin anew."""
        replaced = [name.removeprefix("new_") for name in KEPT[:2] if form.cleaned_data.get(name)]
        written = {"name", "kind", "language", "enabled", "tells_staff", *SEALED}
        if change and replaced:
            obj._change_reason = f"{' and '.join(replaced).capitalize()} replaced"
        if obj.enabled and {"enabled", "kind", *KEPT[:2]} & set(form.changed_data):
            obj.disabled_reason, obj.failures, obj.failing_since = "", 0, None
            written |= set(FAILING)
        obj.save(update_fields=written if change else None)
        if form.made_secret:
            words = gettext("The webhook's secret, shown this once: %(secret)s") % {"secret": form.made_secret}
            self.message_user(request, words, messages.WARNING)

    @method_decorator(sensitive_post_parameters(*KEPT[:2]))
    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """Reports of errors do not repeat what was typed."""
        response: HttpResponse = super().changeform_view(request, *args, **options)
        return response

    @admin.display(description=_("disabled because"), ordering="disabled_reason")
    def disabled_because(self, recipient: Recipient) -> str:
        if recipient.unreadable:
            return gettext("its address cannot be decrypted: enter it anew")
        return "" if recipient.enabled else phrase(recipient.disabled_reason) or gettext("staff switched it off")

    @admin.display(description=_("last delivered"), ordering="delivered")
    def last_delivered(self, recipient: Recipient) -> str:
        moment = getattr(recipient, "delivered", None)
        return zoned(moment) if moment else gettext("never")

    @admin.action(description=_("Enable, and forget earlier failures"), permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Recipient]) -> None:
        self._switch(request, queryset.filter(enabled=False), enabled=True)

    @admin.action(description=_("Disable"), permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Recipient]) -> None:
        self._switch(request, queryset.filter(enabled=True), enabled=False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[Recipient], *, enabled: bool) -> None:
        rows, word = list(queryset), "enabled" if enabled else "disabled"
        with transaction.atomic():
            for row in rows:
                row.enabled, row.disabled_reason, row.failures, row.failing_since = enabled, "", 0, None
                row._change_reason = f"{word.capitalize()} in the list"
                row.save(update_fields=["enabled", *FAILING])
            log_change(request, rows, f"{word.capitalize()} in the list.")
        self.message_user(request, _switched(len(rows), enabled=enabled), messages.SUCCESS)

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.send_test)
        return [path("<int:pk>/send-test/", page, name="market_recipient_send_test"), *super().get_urls()]

    def send_test(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Now, while staff wait: the answer is the other side's."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        recipient = get_object_or_404(Recipient, pk=pk)
        if not self.has_change_permission(request, recipient):
            raise PermissionDenied
        try:
            words, level = dispatch.send_test(recipient), messages.SUCCESS
        except NotDelivered as error:
            words, level = gettext("Not delivered: %(reason)s.") % {"reason": phrase(str(error))}, messages.ERROR
        self.message_user(request, phrase(words), level)
        log_change(request, [recipient], "Sent a test.")
        return HttpResponseRedirect(reverse("admin:market_recipient_change", args=[pk]))


def _switched(count: int, *, enabled: bool) -> str:
    if enabled:
        words = ngettext("%(count)s recipient enabled.", "%(count)s recipients enabled.", count)
    else:
        words = ngettext("%(count)s recipient disabled.", "%(count)s recipients disabled.", count)
    return words % {"count": count}
