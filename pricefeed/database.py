"""`DATABASE_URL` -> Django's `DATABASES["default"]`."""

import os
import tempfile
from pathlib import Path
from typing import Any

import dj_database_url

SQLITE = "django.db.backends.sqlite3"
SCHEMES = ("sqlite://", "postgres://", "postgresql://")

# Readers never wait for the writer, and a commit does not wait for the disk (a power cut may lose it).
SQLITE_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
BUSY_SECONDS = 10  # how long a writer waits for another writer
# A server that vanishes without a word is noticed in seconds, not in the quarter of an hour that TCP takes.
POSTGRES_PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


def read_database_url(url: str) -> dict[str, Any]:
    """Django's settings for `url` (sqlite or postgres). Raises ValueError for anything else."""
    if not url.startswith(SCHEMES):
        scheme = url.partition(":")[0]  # not more of it: it may hold a password
        raise ValueError(f"DATABASE_URL: only sqlite:// and postgres:// are supported, not {scheme!r}")
    # Connections live as long as a request: under ASGI kept ones pile up with the threads.
    database: dict[str, Any] = {**dj_database_url.parse(url, conn_max_age=0)}
    if database["ENGINE"] == SQLITE:
        return _with_sqlite_options(database)
    database["OPTIONS"] = {**POSTGRES_PATIENCE, **database.get("OPTIONS", {})}
    return database


def _with_sqlite_options(database: dict[str, Any]) -> dict[str, Any]:
    # A transaction that reads and then writes must lock from its start, else it fails at once when busy.
    options = {"transaction_mode": "IMMEDIATE", "timeout": BUSY_SECONDS, "init_command": SQLITE_PRAGMAS}
    database["OPTIONS"] = {**options, **database.get("OPTIONS", {})}
    # A file, so that a test's threads see what it committed; one per run, so that runs can be parallel.
    test = Path(tempfile.gettempdir()) / f"pricefeed-test-{os.getpid()}.sqlite3"
    database["TEST"] = {"NAME": str(test)}
    return database
