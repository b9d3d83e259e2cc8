"""A staff member's test broadcast: the form and the page in the admin."""

from decimal import Decimal

from asgiref.sync import async_to_sync
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from market.api import here
from market.audit import log_change
from market.core.messages import TestQuote
from market.core.wire import number_text
from market.json_error import Refused
from market.models import WatchedSymbol
from market.phrases import phrase
from market.round_trip import there_and_back

PERMISSION = "market.change_watchedsymbol"
TEMPLATE = "admin/market/test_broadcast.html"


class BroadcastForm(forms.Form):
    symbol = forms.ModelChoiceField(WatchedSymbol.objects.filter(enabled=True), label=_("Symbol"))
    price = forms.DecimalField(
        label=_("Price"),
        max_digits=30,
        decimal_places=18,
        min_value=Decimal("1e-18"),
        help_text=_("As clients will see it."),
    )
    change_24h = forms.DecimalField(
        label=_("Change in 24 h"), max_digits=12, decimal_places=3, required=False, help_text=_("In percent.")
    )

    def quote(self) -> TestQuote:
        """What the valid form says."""
        row: WatchedSymbol = self.cleaned_data["symbol"]
        change: Decimal | None = self.cleaned_data["change_24h"]
        price = number_text(self.cleaned_data["price"])
        return TestQuote(row.exchange, row.symbol, price, None if change is None else number_text(change))


def broadcast_page(request: HttpRequest, context: dict[str, object]) -> HttpResponse:
    """The page. `context` is the admin site's own; staff who may change symbols only."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    form = BroadcastForm(request.POST or None)
    if form.is_valid() and _send(request, form):
        return HttpResponseRedirect(reverse("admin:market_test_broadcast"))
    return TemplateResponse(request, TEMPLATE, {**context, "title": gettext("Send a test broadcast"), "form": form})


def _send(request: HttpRequest, form: BroadcastForm) -> bool:
    quote = form.quote()
    try:
        async_to_sync(_there_and_back)(quote)
    except Refused as error:
        words = gettext("The test broadcast did not come back: %(reason)s.")
        messages.error(request, words % {"reason": phrase(str(error))})
        return False
    log_change(request, [form.cleaned_data["symbol"]], f"Sent a test broadcast: {quote.price}.")
    words = gettext("Test broadcast sent: %(symbol)s at %(price)s. Every client sees it marked as a test.")
    messages.success(request, words % {"symbol": quote.symbol, "price": quote.price})
    return True


async def _there_and_back(quote: TestQuote) -> None:
    """On the server's loop, where this process hears what the feed says. Raises Refused."""
    await there_and_back(await here(), quote)
