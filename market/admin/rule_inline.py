"""The rules of a symbol, on the symbol's page."""

from typing import Any

from django.contrib import admin
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from market.admin.named_fields import name_fields
from market.models import AlertRule
from market.newest import newest_quote
from market.rule_form import RuleForm
from market.standing import standing


class RuleLines(BaseInlineFormSet):  # type: ignore[type-arg]
    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        name_fields(form)


class AlertRuleInline(admin.TabularInline):  # type: ignore[type-arg]
    """What most rules need; the rest is on the rule's own page."""

    model = AlertRule
    form = RuleForm
    formset = RuleLines
    extra = 0
    show_change_link = True
    fields = ["condition", "threshold", "upper", "window_seconds", "severity", "enabled", "distance"]
    readonly_fields = ["distance"]
    verbose_name_plural = _("rules (upper: ranges only; window: moves only)")

    @admin.display(description=_("distance now"))
    def distance(self, row: AlertRule) -> str:
        if row.pk is None or row.watched is None:
            return ""
        return standing(row, row.watched, state=None, quote=newest_quote(row.watched), now=timezone.now()).distance


def save_rules(request: HttpRequest, formset: Any) -> None:
    """A new rule belongs to who made it."""
    rows = formset.save(commit=False)
    for row in rows:
        if isinstance(row, AlertRule) and row.owner_id is None:
            row.owner_id = request.user.pk
        row.save()
    for row in formset.deleted_objects:
        row.delete()
    formset.save_m2m()
