"""The history of rows that have others: who is told is a part of a rule."""

from typing import Any

from django.db import models
from simple_history.models import HistoricalRecords


class HistoryWithMany(HistoricalRecords):  # type: ignore[misc]
    """The package takes the other side, in `recipient.rules.add(rule)`, for a row that has a history like ours."""

    def m2m_changed(
        self, instance: models.Model, action: str, attr: str, pk_set: set[int] | None, reverse: bool, **options: Any
    ) -> None:
        if not reverse:
            super().m2m_changed(instance, action, attr, pk_set, reverse, **options)
        elif action in ("post_add", "post_remove") and pk_set:
            for row in options["model"]._base_manager.filter(pk__in=pk_set):
                self.create_historical_record(row, "~")
