"""Text that lies encrypted in the database."""

from typing import Any

from django.db import models
from encrypted_fields.fields import EncryptedTextField


class SealedField(EncryptedTextField):  # type: ignore[misc]
    """Encrypted with SECRET_KEY and SALT_KEY; empty text is NULL. What the keys cannot open is read as `Unreadable`.

    The package decrypts in `to_python`, which forms call too, and guards that with an attribute of the field, which
    all threads share. Here only what comes from the database is decrypted.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "null": True})

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str:
        if value is None:
            return ""
        opened: str = EncryptedTextField.to_python(self, value)
        return Unreadable(value) if opened == value else opened

    def get_prep_value(self, value: Any) -> str | None:
        """What could not be opened goes back as it was: the key may return."""
        if isinstance(value, Unreadable):
            return str(value)
        sealed: str | None = super().get_prep_value(value)
        return sealed

    def to_python(self, value: Any) -> Any:
        return models.TextField.to_python(self, value)

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        return models.TextField.clean(self, value, model_instance)


class Unreadable(str):
    """Encrypted text that neither SECRET_KEY nor SECRET_KEY_FALLBACKS opens."""
