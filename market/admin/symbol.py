"""Which symbols are watched, in which order and how fast, the rules of each, and a test broadcast."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from market import broadcast
from market.admin.named_fields import ListForm
from market.admin.rule_inline import AlertRuleInline, save_rules
from market.audit import log_change
from market.core.symbol import renamed_note
from market.exchanges.base import SymbolInfo
from market.models import INFO_FIELDS, TRADING, WatchedSymbol
from market.phrases import phrase
from market.seen import note_info
from market.symbol_form import WatchedSymbolForm
from market.verify import NotVerified, ask_all
from market.zone import zoned

LIST = ("symbol", "exchange", "enabled", "position", "every_trade", "status_words", "last_seen", "step")
SEEN = ("status_words", "verified_at", "first_seen", "last_seen")


class StatusFilter(admin.SimpleListFilter):
    """What the exchange said of a symbol, in the words of the status column."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("trading", gettext("trading")), ("halted", gettext("halted")), ("unverified", gettext("not verified"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[WatchedSymbol]) -> QuerySet[WatchedSymbol] | None:
        chosen = {
            "trading": Q(status=TRADING),
            "halted": ~Q(status__in=["", TRADING]),
            "unverified": Q(status=""),
        }.get(self.value() or "")
        return queryset if chosen is None else queryset.filter(chosen)


@admin.register(WatchedSymbol)
class WatchedSymbolAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = WatchedSymbolForm
    list_display = LIST
    list_editable = ["enabled", "position"]
    list_filter = ["enabled", "every_trade", StatusFilter, "exchange"]
    list_select_related = ["state"]
    search_fields = ["symbol", "base", "quote"]
    search_help_text = _("Symbol, base or quote asset. MATIC became POL in 2024.")
    actions = ["enable", "disable", "ask_again"]
    fieldsets = [
        (None, {"fields": ["exchange", "symbol", "enabled", "position", "every_trade"]}),
        (
            _("From the exchange"),
            {
                "fields": ["base", "quote", "tick_size", *SEEN],
                "description": _("Filled in by the exchange when it answers."),
            },
        ),
    ]

    def get_changelist_form(self, request: HttpRequest, **options: Any) -> Any:
        return super().get_changelist_form(request, **{**options, "form": ListForm})

    def get_readonly_fields(self, request: HttpRequest, obj: WatchedSymbol | None = None) -> list[str]:
        """Another symbol is another row: what was seen and verified belongs to this one."""
        named = ["exchange", "symbol"] if obj else []
        told = ["base", "quote", "tick_size"] if obj and obj.status else []
        return [*named, *told, *SEEN]

    def get_inlines(self, request: HttpRequest, obj: WatchedSymbol | None) -> list[Any]:
        """Once the exchange has said what the symbol is: a threshold lies on its tick."""
        return [AlertRuleInline] if obj else []

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        save_rules(request, formset)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        place = WatchedSymbol.objects.all().next_position()
        return {"position": place, **super().get_changeform_initial_data(request)}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[WatchedSymbol], search_term: str
    ) -> tuple[QuerySet[WatchedSymbol], bool]:
        if request.method == "GET" and (note := renamed_note(search_term)):
            self.message_user(request, phrase(note), messages.WARNING)
        return super().get_search_results(request, queryset, search_term)

    def save_model(self, request: HttpRequest, obj: WatchedSymbol, form: Any, change: bool) -> None:
        # Only what was edited: the feed may have written other fields of the row meanwhile.
        told = INFO_FIELDS if getattr(form, "answered", False) else ()
        obj.save(update_fields=[*form.changed_data, *told] if change else None)
        if reason := getattr(form, "not_verified", ""):
            words = gettext("%(symbol)s is saved but not verified: %(exchange)s gave no answer (%(reason)s).") % {
                "symbol": obj,
                "exchange": obj.exchange.capitalize(),
                "reason": phrase(reason),
            }
            self.message_user(request, words, messages.WARNING)

    @admin.display(description=_("status"), ordering="status")
    def status_words(self, row: WatchedSymbol) -> str:
        if not row.status:
            return gettext("not verified")
        return gettext("halted: %(status)s") % {"status": row.status} if row.halted else gettext("trading")

    @admin.display(description=_("first seen"))
    def first_seen(self, row: WatchedSymbol) -> str:
        return _moment(row, "first_seen")

    @admin.display(description=_("last seen"), ordering="state__last_seen")
    def last_seen(self, row: WatchedSymbol) -> str:
        return _moment(row, "last_seen")

    @admin.display(description=_("tick size"), ordering="tick_size")
    def step(self, row: WatchedSymbol) -> str:
        return "" if row.tick_size is None else f"{row.tick_size.normalize():f}"

    @admin.action(description=_("Enable: watch the selected symbols"), permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[WatchedSymbol]) -> None:
        self._switch(request, queryset, enabled=True)

    @admin.action(description=_("Disable: stop watching the selected symbols"), permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[WatchedSymbol]) -> None:
        self._switch(request, queryset, enabled=False)

    @admin.action(description=_("Ask the exchange again about those not verified"), permissions=["change"])
    def ask_again(self, request: HttpRequest, queryset: QuerySet[WatchedSymbol]) -> None:
        rows = list(queryset.filter(status=""))
        if not rows:
            self.message_user(request, gettext("All the selected symbols are verified."), messages.INFO)
        for exchange in sorted({row.exchange for row in rows}):
            self._ask(request, exchange, [row for row in rows if row.exchange == exchange])

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.test_broadcast)
        return [path("test-broadcast/", page, name="market_test_broadcast"), *super().get_urls()]

    def test_broadcast(self, request: HttpRequest) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts}
        return broadcast.broadcast_page(request, context)

    def _switch(self, request: HttpRequest, queryset: QuerySet[WatchedSymbol], *, enabled: bool) -> None:
        rows = list(queryset.exclude(enabled=enabled))
        WatchedSymbol.objects.filter(pk__in=[row.pk for row in rows]).update(enabled=enabled)
        log_change(request, rows, f"{'Enabled' if enabled else 'Disabled'} in the list.")
        self.message_user(request, _switched(len(rows), enabled=enabled), messages.SUCCESS)

    def _ask(self, request: HttpRequest, exchange: str, rows: list[WatchedSymbol]) -> None:
        try:
            infos = ask_all(exchange, [row.symbol for row in rows])
        except NotVerified as error:
            words = ngettext(
                "%(exchange)s gave no answer (%(reason)s): %(count)s symbol still not verified.",
                "%(exchange)s gave no answer (%(reason)s): %(count)s symbols still not verified.",
                len(rows),
            ) % {"exchange": exchange.capitalize(), "reason": phrase(str(error)), "count": len(rows)}
            self.message_user(request, words, messages.WARNING)
            return
        note_info(exchange, infos.values())
        self._tell(request, exchange, rows, infos)

    def _tell(
        self, request: HttpRequest, exchange: str, rows: list[WatchedSymbol], infos: Mapping[str, SymbolInfo]
    ) -> None:
        listed = [row for row in rows if row.symbol in infos]
        unlisted = ", ".join(row.symbol for row in rows if row.symbol not in infos)
        halted = ", ".join(f"{info.symbol}: {info.status}" for info in infos.values() if info.status != TRADING)
        log_change(request, listed, "Verified with the exchange.")
        count = ngettext("%(count)s symbol verified.", "%(count)s symbols verified.", len(listed)) % {
            "count": len(listed)
        }
        self.message_user(request, count, messages.SUCCESS)
        venue = exchange.capitalize()
        if halted:
            words = gettext("%(exchange)s does not trade these now: %(names)s.") % {"exchange": venue, "names": halted}
            self.message_user(request, words, messages.WARNING)
        if unlisted:
            words = gettext("%(exchange)s does not list these, remove them: %(names)s.")
            words %= {"exchange": venue, "names": unlisted}
            self.message_user(request, words, messages.ERROR)


def _moment(row: WatchedSymbol, name: str) -> str:
    """When prices came, to the second; a symbol that never had any has no state."""
    state = getattr(row, "state", None)
    moment: datetime | None = getattr(state, name, None)
    return zoned(moment) if moment else gettext("never")


def _switched(count: int, *, enabled: bool) -> str:
    if enabled:
        words = ngettext("%(count)s symbol enabled.", "%(count)s symbols enabled.", count)
    else:
        words = ngettext("%(count)s symbol disabled.", "%(count)s symbols disabled.", count)
    return words % {"count": count}
