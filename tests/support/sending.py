"""`sendalerts` in processes of their own, and the rows they work on in a database of the test's own."""

import json
import sqlite3
from pathlib import Path

import psycopg

from tests.support.live import LiveProcess, run_command

ROWS = """
import json
from tests.support.alert_rows import delivery, recipient
from django.db import transaction
with transaction.atomic():
    found = []
    for kind, address in {recipients!r}:
        row = recipient(kind, address=address)
        found += [delivery(row).dedupe for _ in range({each})]
print(json.dumps(found))
"""


class Sending:
    """`url` is its DATABASE_URL; `folder` keeps what its processes write. `more` are further settings."""

    def __init__(self, url: str, folder: Path, **more: str) -> None:
        self.url = url
        self.folder = folder
        secret = "of this test only, and long enough for the checks of a deployment"
        self.env = {"DATABASE_URL": url, "SECRET_KEY": secret, "ALLOW_PRIVATE_WEBHOOKS": "true", **more}

    def migrate(self) -> None:
        run_command("migrate", "--verbosity", "0", env=self.env, var_dir=self.folder)

    def add(self, *recipients: tuple[str, str], each: int) -> list[str]:
        """New recipients (kind, address) with so many due deliveries each; their keys in the order of sending."""
        script = ROWS.format(recipients=recipients, each=each)
        found: list[str] = json.loads(run_command("shell", "-v", "0", "-c", script, env=self.env, var_dir=self.folder))
        return found

    def process(self, *, lease: int = 1) -> LiveProcess:
        return LiveProcess("sendalerts", "--lease", str(lease), env=self.env, var_dir=self.folder)

    def open(self) -> int:
        """How many deliveries are neither delivered nor dead."""
        return self._count("SELECT count(*) FROM market_delivery WHERE state IN ('waiting', 'sending')")

    def delivered(self) -> int:
        return self._count("SELECT count(*) FROM market_delivery WHERE state = 'delivered'")

    def _count(self, question: str) -> int:
        if self.url.startswith("sqlite:///"):
            connection = sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=20)
            try:
                return int(connection.execute(question).fetchone()[0])
            finally:
                connection.close()
        with psycopg.connect(self.url) as server:
            row = server.execute(question.encode()).fetchone()
            assert row is not None
            return int(row[0])
