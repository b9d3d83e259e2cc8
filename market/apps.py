"""The Django application `market`."""

from django.apps import AppConfig


class MarketConfig(AppConfig):
    name = "market"
    verbose_name = "Market"

    def ready(self) -> None:
        """Registers the checks; starts nothing (this also runs for `check`, twice under the reloader)."""
        from market import checks  # noqa: F401
