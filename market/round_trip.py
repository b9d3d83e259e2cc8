"""A staff member's test broadcast: the form and the page in the admin."""

from decimal import Decimal

from asgiref.sync import async_to_sync
from django import forms
from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from market.core.messages import TestQuote
from market.models import WatchedSymbol
from market.publish import tell_feed

PERMISSION = "market.change_watchedsymbol"
TEMPLATE = "admin/market/test_broadcast.html"


class BroadcastForm(forms.Form):
    symbol = forms.ModelChoiceField(WatchedSymbol.objects.filter(enabled=True))
    price = forms.DecimalField(
        max_digits=30, decimal_places=18, min_value=Decimal("1e-18"), help_text="As clients will see it."
    )
    change_24h = forms.DecimalField(
        label="Change in 24 h", max_digits=12, decimal_places=3, required=False, help_text="In percent."
    )

    def quote(self) -> TestQuote:
        """What the valid form says."""
        row: WatchedSymbol = self.cleaned_data["symbol"]
        change: Decimal | None = self.cleaned_data["change_24h"]
        return TestQuote(
            exchange=row.exchange,
            symbol=row.symbol,
            price=f"{self.cleaned_data['price']:f}",
            change_24h=None if change is None else f"{change:f}",
        )


def test_broadcast(request: HttpRequest, context: dict[str, object]) -> HttpResponse:
    """The page. `context` is the admin site's own; staff who may change symbols only."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    form = BroadcastForm(request.POST or None)
    if form.is_valid() and _send(request, form):
        return HttpResponseRedirect(reverse("admin:market_test_broadcast"))
    return TemplateResponse(request, TEMPLATE, {**context, "title": "Send a test broadcast", "form": form})


def _send(request: HttpRequest, form: BroadcastForm) -> bool:
    quote = form.quote()
    if not async_to_sync(tell_feed)(quote):
        messages.error(request, "The test broadcast was not sent: the channel layer does not answer.")
        return False
    _log(request, form.cleaned_data["symbol"], f"Sent a test broadcast: {quote.price}.")
    messages.success(
        request, f"Test broadcast sent: {quote.symbol} at {quote.price}. Every client sees it marked as a test."
    )
    return True


def _log(request: HttpRequest, row: WatchedSymbol, words: str) -> None:
    user_id = request.user.pk
    LogEntry.objects.log_actions(user_id, [row], CHANGE, change_message=words, single_object=True)


# pytest would collect a page whose name begins with "test".
test_broadcast.__test__ = False  # type: ignore[attr-defined]
