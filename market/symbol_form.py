"""The admin form of a watched symbol: the exchange has its word before anything is saved."""

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from market.exchanges import EXCHANGES
from market.exchanges.base import UnknownSymbol
from market.models import TRADING, WatchedSymbol
from market.verify import NotVerified, ask


class WatchedSymbolForm(forms.ModelForm):  # type: ignore[type-arg]
    """After validation, `answered` says whether the exchange did, `not_verified` why it was of no help."""

    exchange = forms.ChoiceField(label=_("exchange"), choices=lambda: [(name, name.capitalize()) for name in EXCHANGES])
    answered = False
    not_verified = ""

    class Meta:
        model = WatchedSymbol
        fields = ["exchange", "symbol", "enabled", "position", "every_trade", "base", "quote", "tick_size"]

    def _post_clean(self) -> None:
        """Once the input itself is sound and new: no question is asked about nonsense."""
        super()._post_clean()  # type: ignore[misc]
        if not self.errors and self._is_worth_asking():
            self._ask()

    def _is_worth_asking(self) -> bool:
        """New, or never verified. Whatever its state, a symbol can always be switched off."""
        row = self.instance
        return row._state.adding or (row.enabled and not row.status)

    def _ask(self) -> None:
        row = self.instance
        venue = row.exchange.capitalize()
        try:
            info = ask(row.exchange, row.symbol)
        except NotVerified as error:
            self.not_verified = str(error)
        except UnknownSymbol as error:
            words = gettext("%(exchange)s does not list %(symbol)s: %(reason)s")
            self._refuse(words % {"exchange": venue, "symbol": row.symbol, "reason": error.reason})
        else:
            if info.status == TRADING:
                self.answered = row.take(info)
            else:
                words = gettext("%(exchange)s does not trade %(symbol)s now: %(status)s.")
                self._refuse(words % {"exchange": venue, "symbol": row.symbol, "status": info.status})

    def _refuse(self, words: str) -> None:
        self.add_error("symbol" if "symbol" in self.fields else None, words)
