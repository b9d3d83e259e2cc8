"""What a new installation needs before its first page; done at each start, quick when all is there."""

import secrets
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

from market.defaults import create_default_symbols

ADMIN = "admin"


def prepare_database() -> None:
    """Migrations and, once in the life of a database, the default symbols."""
    call_command("migrate", interactive=False, verbosity=0)
    create_default_symbols()


def collect_static_files() -> None:
    """Static files under hashed names, unless what was collected is newer than all of them."""
    collected = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if not collected.exists() or _newest_source() > collected.stat().st_mtime:
        call_command("collectstatic", interactive=False, verbosity=0)


def create_first_admin() -> tuple[str, str] | None:
    """Where nobody can sign in to the admin yet: the name and the password of who can now."""
    people = get_user_model()._default_manager
    if people.filter(is_superuser=True).exists():
        return None
    password = secrets.token_urlsafe(12)
    people.create_superuser(ADMIN, password=password)
    return ADMIN, password


def _newest_source() -> float:
    files = (storage.path(name) for finder in get_finders() for name, storage in finder.list([]))
    return max((Path(file).stat().st_mtime for file in files), default=0.0)
