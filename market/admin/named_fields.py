"""Names of fields for who cannot see where they stand: in a list, in a table, or as one of two parts."""

from typing import Any

from django import forms
from django.utils.translation import gettext


def name_fields(form: forms.BaseForm) -> None:
    """Of a form whose labels are the heads of a table."""
    for field in form.fields.values():
        field.widget.attrs.setdefault("aria-label", str(field.label))


def name_parts(form: forms.BaseForm) -> None:
    """Of date and time, which have one label together."""
    for field in form.fields.values():
        if isinstance(field.widget, forms.SplitDateTimeWidget):
            for part, words in zip(field.widget.widgets, (gettext("date"), gettext("time")), strict=True):
                part.attrs["aria-label"] = f"{field.label}: {words}"


class ListForm(forms.ModelForm):  # type: ignore[type-arg]
    """A line of a list that can be edited."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        name_fields(self)
