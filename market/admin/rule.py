"""Alert rules: the list, and the page of one with what it would do now and why it did not fire."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Prefetch, Q, QuerySet
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext_lazy as _

from market.admin.audited import AuditedAdmin
from market.admin.named_fields import name_parts
from market.audit import log_change
from market.dry_run import AT_FIRST, DAYS
from market.models import Alert, AlertRule, PriceWindow, RuleState, WatchedSymbol
from market.models.alert_rule import CONDITIONS
from market.newest import newest_quote, no_data_of
from market.phrases import phrase
from market.rule_form import DRY_RUN, DRY_RUN_DAYS, PREVIEW, AlertRuleForm, chosen_condition, fields_of, request_values
from market.standing import Standing, held_up, standing

SHOWN_SYMBOLS = 50  # of a rule that speaks of all
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class RunningFilter(admin.SimpleListFilter):
    """Whether a rule is judged now, and what keeps it from that."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("on", gettext("on")),
            ("off", gettext("switched off")),
            ("paused", gettext("paused")),
            ("expired", gettext("expired")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AlertRule]) -> QuerySet[AlertRule] | None:
        now = timezone.now()
        paused, expired = Q(paused_until__gt=now), Q(expires_at__lte=now)
        chosen = {
            "on": Q(enabled=True) & ~paused & ~expired,
            "off": Q(enabled=False),
            "paused": paused,
            "expired": expired,
        }.get(self.value() or "")
        return queryset if chosen is None else queryset.filter(chosen)


@admin.register(AlertRule)
class AlertRuleAdmin(AuditedAdmin):
    form = AlertRuleForm
    change_form_template = "admin/market/alertrule/change_form.html"
    list_display = ["__str__", "severity", "running", "distance", "fired", "audience", "owner", "expires_at"]
    list_filter = [
        RunningFilter,
        "severity",
        "condition",
        "audience",
        ("watched", admin.RelatedOnlyFieldListFilter),
        ("recipients", admin.RelatedOnlyFieldListFilter),
        ("owner", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["watched", "owner"]
    search_fields = ["watched__symbol", "note", "owner__username", "recipients__name"]
    search_help_text = _("Symbol, note, owner or recipient.")
    date_hierarchy = None
    actions = ["enable", "disable", "pause_for_an_hour", "pause_for_a_day", "resume"]
    history_list_display = ["version"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AlertRule]:
        states = Prefetch("states", RuleState.objects.order_by("-fired_ms"))
        rows: QuerySet[AlertRule] = super().get_queryset(request)
        return rows.prefetch_related(states, _snoozed())

    def get_fieldsets(self, request: HttpRequest, obj: AlertRule | None = None) -> list[tuple[str | None, Any]]:
        condition = chosen_condition(request_values(request), obj)
        hours = [("active_from", "active_until"), "active_days", "time_zone"]
        return [
            (None, {"fields": fields_of(condition), "description": _sentence(gettext(CONDITIONS[condition]))}),
            (gettext("Who is told"), {"fields": ["severity", "note", "recipients", "audience"]}),
            (gettext("When"), {"fields": ["enabled", "paused_until", "expires_at", *hours]}),
        ]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, widget=CheckboxSelectMultiple(), **options)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        row: AlertRule | None = context.get("original")
        name_parts(context["adminform"].form)
        context |= {
            "market_now": context["adminform"].form.market_now(),
            "conditions": [] if row else [(value.value, gettext(words)) for value, words in CONDITIONS.items()],
            "preview": PREVIEW,
            "dry_run": context["adminform"].form.dry_run(),
            "dry_run_name": DRY_RUN,
            "dry_run_days": [(days, days == _days_of(request)) for days in DAYS],
            "standings": standings_of(AlertRule.objects.prefetch_related(_snoozed()).get(pk=row.pk)) if row else [],
            "shown_symbols": SHOWN_SYMBOLS,
        }
        response: HttpResponse = super().render_change_form(request, context, *args, **options)
        return response

    def save_model(self, request: HttpRequest, obj: AlertRule, form: Any, change: bool) -> None:
        if obj.owner_id is None:
            obj.owner_id = request.user.pk
        super().save_model(request, obj, form, change)
        words = gettext(". ").join(f"{name}: {value.rstrip('.。')}" for name, value in form.market_now())
        self.message_user(request, gettext("%(words)s.") % {"words": words}, messages.INFO)
        if obj.watched is not None and not obj.watched.enabled:
            words = gettext("%(symbol)s is not watched now: the rule is judged once it is.") % {"symbol": obj.watched}
            self.message_user(request, words, messages.WARNING)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        for recipient in form.instance.recipients.filter(enabled=False):
            words = gettext("%(recipient)s is disabled and will not be told.") % {"recipient": recipient}
            words = f"{words} {phrase(recipient.disabled_reason)}".strip()
            self.message_user(request, words, messages.WARNING)

    @admin.display(description=_("state"), ordering="enabled")
    def running(self, row: AlertRule) -> str:
        snoozed = snoozed_until(row, row.watched.symbol) if row.watched else None
        no_data = no_data_of(row.watched)
        state = held_up(row, row.watched, now=timezone.now(), no_data=no_data, snoozed_until=snoozed)
        return state or gettext("on")

    @admin.display(description=_("distance now"))
    def distance(self, row: AlertRule) -> str:
        if row.watched is None:
            return ""
        quote = newest_quote(row.watched)
        return standing(row, row.watched, state=None, quote=quote, now=timezone.now()).distance

    @admin.display(description=_("fires"))
    def fired(self, row: AlertRule) -> int:
        return sum(state.fires for state in row.states.all())

    @admin.action(description=_("Switch on"), permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[AlertRule]) -> None:
        self._write(
            request, queryset.filter(enabled=False), words=gettext_noop("switched on"), fields={"enabled": True}
        )

    @admin.action(description=_("Switch off"), permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[AlertRule]) -> None:
        self._write(
            request, queryset.filter(enabled=True), words=gettext_noop("switched off"), fields={"enabled": False}
        )

    @admin.action(description=_("Pause for an hour"), permissions=["change"])
    def pause_for_an_hour(self, request: HttpRequest, queryset: QuerySet[AlertRule]) -> None:
        fields = {"paused_until": timezone.now() + HOUR}
        self._write(request, queryset, words=gettext_noop("paused for an hour"), fields=fields)

    @admin.action(description=_("Pause for a day"), permissions=["change"])
    def pause_for_a_day(self, request: HttpRequest, queryset: QuerySet[AlertRule]) -> None:
        fields = {"paused_until": timezone.now() + DAY}
        self._write(request, queryset, words=gettext_noop("paused for a day"), fields=fields)

    @admin.action(description=_("Resume"), permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[AlertRule]) -> None:
        paused = queryset.filter(paused_until__isnull=False)
        self._write(request, paused, words=gettext_noop("resumed"), fields={"paused_until": None})

    def _write(self, request: HttpRequest, rows: Iterable[AlertRule], *, words: str, fields: Mapping[str, Any]) -> None:
        """Row by row: each has its version and its place in the history."""
        written = list(rows)
        with transaction.atomic():
            for row in written:
                for name, value in fields.items():
                    setattr(row, name, value)
                row._change_reason = f"{words.capitalize()} in the list"
                row.save(update_fields=list(fields))
            log_change(request, written, f"{words.capitalize()} in the list.")
        done = ngettext("%(count)s rule %(done)s.", "%(count)s rules %(done)s.", len(written))
        self.message_user(request, done % {"count": len(written), "done": gettext(words)}, messages.SUCCESS)


def _sentence(words: str) -> str:
    return gettext("%(words)s.") % {"words": words[:1].upper() + words[1:]}


def _days_of(request: HttpRequest) -> int:
    """Over how many days a dry run goes; what was chosen last time stays chosen."""
    asked = request.POST.get(DRY_RUN_DAYS, "")
    return int(asked) if asked in map(str, DAYS) else AT_FIRST


def _snoozed() -> "Prefetch[str, QuerySet[Alert], str]":
    return Prefetch("alerts", Alert.objects.filter(snoozed_until__gt=timezone.now()), to_attr="snoozed")


def standings_of(row: AlertRule) -> list[Standing]:
    """For its symbol, or for the first SHOWN_SYMBOLS of all."""
    everything = WatchedSymbol.objects.filter(enabled=True)[:SHOWN_SYMBOLS]
    symbols = list(everything) if row.watched is None else [row.watched]
    states = {state.watched_id: state.value for state in row.states.filter(watched__in=symbols)}
    windows = PriceWindow.objects.filter(watched__in=symbols, window_ms=(row.window_seconds or 0) * 1000)
    filled = dict(windows.values_list("watched_id", "since_ms"))
    now = timezone.now()
    return [
        standing(
            row,
            watched,
            state=states.get(watched.pk),
            quote=newest_quote(watched),
            now=now,
            no_data=no_data_of(watched),
            snoozed_until=snoozed_until(row, watched.symbol),
            filled_ms=filled.get(watched.pk),
        )
        for watched in symbols
    ]


def snoozed_until(row: AlertRule, symbol: str) -> datetime | None:
    """Until when somebody wants to hear no more of this rule on this symbol."""
    alerts: list[Alert] = vars(row)["snoozed"]  # of _snoozed()
    moments = (alert.snoozed_until for alert in alerts if alert.symbol == symbol and alert.snoozed_until)
    return max(moments, default=None)
