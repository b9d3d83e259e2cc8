"""The Django application `market`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MarketConfig(AppConfig):
    name = "market"
    verbose_name = _("Market")

    def ready(self) -> None:
        """Registers the checks; starts nothing (this also runs for `check`, twice under the reloader)."""
        from market import checks  # noqa: F401
