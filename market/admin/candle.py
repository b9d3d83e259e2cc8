"""Candles: of which symbols, from when on, how far loading is, and what the exchange does not have."""

from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from market.admin.audited import ReadOnlyAdmin, ReadOnlyInline
from market.core.interval import Interval
from market.models import Candle, CandleGap, CandleSeries

MINUTES = Candle.objects.filter(series=OuterRef("pk"), interval=Interval.M1)


class GapInline(ReadOnlyInline):
    model = CandleGap
    fields = ["since", "until", "reason"]
    readonly_fields = ["since", "until"]
    show_change_link = False

    @admin.display(description=_("from"))
    def since(self, gap: CandleGap) -> datetime:
        return _moment(gap.start)

    @admin.display(description=_("until"))
    def until(self, gap: CandleGap) -> datetime:
        return _moment(gap.end)


@admin.register(CandleSeries)
class CandleSeriesAdmin(ReadOnlyAdmin):
    list_display = [
        "symbol",
        "exchange",
        "source",
        "oldest",
        "newest",
        "backfill_state",
        "loaded",
        "backfill_note",
        "backfilled_at",
    ]
    list_filter = ["backfill_state", "source", "exchange"]
    search_fields = ["symbol"]
    inlines = [GapInline]
    exclude = ["changes"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CandleSeries]:
        """With the first and the last minute: a step in the index each."""
        oldest, newest = (MINUTES.order_by(order).values("open_time")[:1] for order in ("open_time", "-open_time"))
        rows: QuerySet[CandleSeries] = super().get_queryset(request)
        return rows.annotate(oldest=Subquery(oldest), newest=Subquery(newest))

    @admin.display(description=_("minutes from"), ordering="oldest")
    def oldest(self, series: Any) -> datetime | None:
        return None if series.oldest is None else _moment(series.oldest)

    @admin.display(description=_("newest minute"), ordering="newest")
    def newest(self, series: Any) -> datetime | None:
        return None if series.newest is None else _moment(series.newest)

    @admin.display(description=_("loaded"))
    def loaded(self, series: CandleSeries) -> str:
        done, wanted = series.backfill_done, series.backfill_wanted
        return f"{done:,} / {wanted:,} ({done / wanted:.0%})" if wanted else ""


def _moment(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)
