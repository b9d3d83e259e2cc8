"""The admin form of a recipient. Address and secret go in and never come out again."""

import base64
import binascii
import re
import secrets
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.validators import validate_email
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from market.models import Recipient, RecipientKind
from market.models.sealed import Unreadable

PREFIX = "whsec_"
SECRET_BYTES = 32
SHORTEST, LONGEST = 24, 64  # bytes that Standard Webhooks allows
_APPRISE = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)


class RecipientForm(forms.ModelForm):  # type: ignore[type-arg]
    """After validation `made_secret` is one that was made here: it is shown this once."""

    new_address = forms.CharField(
        label=_("Address"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "size": 60}),
    )
    new_secret = forms.CharField(
        label=_("Secret"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "size": 60}),
        help_text=_("Webhooks only, by Standard Webhooks: whsec_ and base64. Empty for a new webhook: one is made."),
    )
    drop_old_secret = forms.BooleanField(
        label=_("Drop old secret"),
        required=False,
        help_text=_("The other side knows the new secret: stop signing with the one before it."),
    )
    made_secret = ""

    class Meta:
        model = Recipient
        fields = ["name", "kind", "language", "enabled", "tells_staff"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._stored_kind = self.instance.kind
        if "new_address" in self.fields:
            kept = gettext("Kept encrypted and not shown. Leave empty to keep it.") if self.instance.pk else ""
            kinds = gettext("A mail address, the https:// address of the webhook, or an apprise address.")
            self.fields["new_address"].help_text = kept or kinds
        if self.instance.pk and "new_secret" in self.fields:
            state = gettext("One is set.") if self.instance.secret else gettext("None is set.")
            kept = gettext("Leave empty to keep it; a new one takes over from it.")
            self.fields["new_secret"].help_text = f"{state} {kept}"

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        kind, address, secret = (cleaned.get(name, "") for name in ("kind", "new_address", "new_secret"))
        if address:
            self._check_address(kind, address)
        elif self.instance.unreadable:
            self.add_error("new_address", gettext("It cannot be decrypted any more: enter it anew."))
        elif not self.instance.address or kind != self._stored_kind:
            self.add_error("new_address", gettext("Where to?"))
        if secret and kind != RecipientKind.WEBHOOK:
            self.add_error("new_secret", gettext("Only webhooks are signed."))
        elif secret and not _is_secret(secret):
            words = gettext("whsec_ and base64 of %(least)s to %(most)s bytes; empty: one is made.")
            words %= {"least": SHORTEST, "most": LONGEST}
            self.add_error("new_secret", words)
        return cleaned

    def _check_address(self, kind: str, address: str) -> None:
        if kind == RecipientKind.EMAIL:
            try:
                validate_email(address)
            except forms.ValidationError as error:
                self.add_error("new_address", error)
        elif kind == RecipientKind.WEBHOOK and not _is_web_address(address):
            self.add_error("new_address", gettext("A webhook has an https:// (or http://) address."))
        elif kind == RecipientKind.APPRISE and not _APPRISE.fullmatch(address):
            words = gettext("An apprise address begins with its service: tgram://…, slack://…, ntfy://…")
            self.add_error("new_address", words)

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            self._fill_in()

    def _fill_in(self) -> None:
        row, cleaned = self.instance, self.cleaned_data
        row.address = cleaned.get("new_address") or row.address
        new = cleaned.get("new_secret", "")
        if row.kind == RecipientKind.WEBHOOK and not new and (not row.secret or row.unreadable):
            new = self.made_secret = PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
        if row.kind != RecipientKind.WEBHOOK:
            row.secret = row.old_secret = ""
        elif new and new != row.secret:
            row.old_secret, row.secret = ("" if row.unreadable else row.secret), new
        if cleaned.get("drop_old_secret") or isinstance(row.old_secret, Unreadable):
            row.old_secret = ""


def _is_secret(text: str) -> bool:
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return False
    return text.startswith(PREFIX) and SHORTEST <= len(key) <= LONGEST


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
