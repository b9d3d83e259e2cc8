"""Decimals that keep every digit, whatever the database."""

from decimal import Decimal
from typing import Any

from django.db import models

from market.core.wire import number_text


class ExactDecimalField(models.DecimalField):  # type: ignore[type-arg]
    """A DecimalField that SQLite stores as text: its own kind of decimal is a float of 15 digits.

    As text it equals the same number, however that was written, but SQLite neither orders nor sums it as a number:
    do that in Python.
    """

    def get_internal_type(self) -> str:
        """Not DecimalField, whose values Django turns into floats on SQLite."""
        return "ExactDecimalField"

    def db_type(self, connection: Any) -> str:
        if connection.vendor == "sqlite":
            return "text"
        numeric: str = connection.data_types["DecimalField"] % self.db_type_parameters(connection)
        return numeric

    def cast_db_type(self, connection: Any) -> str:
        return self.db_type(connection)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        number = value if prepared else self.get_prep_value(value)
        is_text = connection.vendor == "sqlite" and isinstance(number, Decimal)
        return number_text(number) if is_text else number

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Decimal | None:
        """Text from SQLite; where it computed something of it, what it made of that."""
        return value if value is None or isinstance(value, Decimal) else Decimal(str(value))
