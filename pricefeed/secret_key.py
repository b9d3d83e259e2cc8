"""The secret key of an installation that was given none."""

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def choose_secret_key(given: str, *, folder: Path, several_machines: bool) -> str:
    """`given`, else the key kept in `folder` (made on first use, readable by its owner only).

    Raises ImproperlyConfigured where the key cannot be a file of this machine: with Redis or another
    database, several processes must share one key.
    """
    if given:
        return given
    if several_machines:
        raise ImproperlyConfigured(
            "SECRET_KEY must be set once REDIS_URL or DATABASE_URL is set: every process needs the same one. "
            "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    path = folder / "secret_key"
    if not path.exists():
        _make(path)
    return path.read_text(encoding="ascii").strip()


def _make(path: Path) -> None:
    """Complete or not at all: another process may start at the same moment, and the first to link wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"secret_key.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(50) + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # made by another process meanwhile: that one counts
    finally:
        draft.unlink()
