"""`EMAIL_URL` -> Django's mail settings."""

from typing import Any
from urllib.parse import unquote, urlsplit

SCHEMES = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
PATIENCE = 15  # seconds for each step of a conversation


def read_email_url(url: str) -> dict[str, Any]:
    """Settings for `smtp://`, `smtp+tls://` (STARTTLS) or `smtps://user:password@host:port`; empty: no mail server.

    Raises ValueError without the URL in it, for it may hold a password.
    """
    parts = urlsplit(url)
    if url and (parts.scheme not in SCHEMES or not parts.hostname):
        raise ValueError("must be like smtp+tls://user:password@mail.example:587 (or smtp://, smtps://)")
    return {
        "EMAIL_HOST": parts.hostname or "",
        "EMAIL_PORT": parts.port or SCHEMES.get(parts.scheme, 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": PATIENCE,
    }
